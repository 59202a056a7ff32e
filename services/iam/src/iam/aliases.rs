//! CreateAccountAlias, DeleteAccountAlias, ListAccountAliases: one alias for an account, unique in the installation.

use claviger_identity::AccountRecord;
use claviger_pipeline::NoResource;
use claviger_store::Records;

use super::accounts;
use super::prelude::*;
use super::table::Table;

/// Adds the operations of this file.
pub(super) fn add(table: Table) -> Table {
    table.with::<CreateAccountAlias>().with::<DeleteAccountAlias>().with::<ListAccountAliases>()
}

struct CreateAccountAlias;

impl Operation for CreateAccountAlias {
    declare!(
        CreateAccountAlias, Audit::write(),
        CreateAccountAliasRequest => CreateAccountAliasResponse, CreateAccountAliasError, NoResource
    );

    async fn subject(cx: IamCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (account, installation, alias) = (cx.call.account(), &*cx.system.account, &input.account_alias);
        let mut own = accounts::load(cx, account).await?;
        let mut batch = Batch::default();
        // No index keeps two accounts from taking one alias at the same time; writing a record common to both does.
        if account != installation {
            accounts::load(cx, installation).await?.write(&mut batch);
        }
        let held = cx.system.store.list::<AccountRecord>(Some("by_alias"), alias, Some(alias), None, 1).await;
        if !held.map_err(InternalFailure::new)?.0.is_empty() {
            let text = format!("The account alias {alias} already exists.");
            return Err(iam::EntityAlreadyExistsException::new(text).into());
        }
        own.record.alias = Some(alias.clone());
        own.write(&mut batch);
        Ok(Done::write(Default::default(), batch))
    }
}

struct DeleteAccountAlias;

impl Operation for DeleteAccountAlias {
    declare!(
        DeleteAccountAlias, Audit::write(),
        DeleteAccountAliasRequest => DeleteAccountAliasResponse, DeleteAccountAliasError, NoResource
    );

    async fn subject(cx: IamCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let mut own = accounts::load(cx, cx.call.account()).await?;
        if own.record.alias.take_if(|alias| *alias == input.account_alias).is_none() {
            let text = format!("The account alias {} cannot be found.", input.account_alias);
            return Err(iam::NoSuchEntityException::new(text).into());
        }
        let mut batch = Batch::default();
        own.write(&mut batch);
        Ok(Done::write(Default::default(), batch))
    }
}

struct ListAccountAliases;

impl Operation for ListAccountAliases {
    declare!(
        ListAccountAliases, Audit::read_only(),
        ListAccountAliasesRequest => ListAccountAliasesResponse, ListAccountAliasesError, NoResource
    );

    async fn subject(cx: IamCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let own = accounts::load(cx, cx.call.account()).await?;
        let page = pager.cut(own.record.alias.map(|alias| (alias.clone(), alias)));
        Ok(Done::read(iam::ListAccountAliasesResponse {
            is_truncated: page.is_truncated(),
            account_aliases: Some(page.items),
            marker: page.marker,
        }))
    }
}
