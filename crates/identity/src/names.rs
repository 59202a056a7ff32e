//! ARNs of identities.

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An IAM user.
    User,
    /// A group; never a principal.
    Group,
    /// A role.
    Role,
}

impl Kind {
    /// The word in the ARN.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }
}

/// `arn:P:iam::A:user/path/name`; `path` begins and ends with a slash.
pub fn arn(partition: &str, account: &str, kind: Kind, path: &str, name: &str) -> String {
    format!("arn:{partition}:iam::{account}:{}{path}{name}", kind.word())
}

/// `arn:P:iam::A:policy/path/name`.
pub fn policy_arn(partition: &str, account: &str, path: &str, name: &str) -> String {
    format!("arn:{partition}:iam::{account}:policy{path}{name}")
}

/// `arn:P:iam::A:root`.
pub fn root_arn(partition: &str, account: &str) -> String {
    format!("arn:{partition}:iam::{account}:root")
}

/// `arn:P:sts::A:assumed-role/ROLE/SESSION`: without the role's path.
pub fn session_arn(partition: &str, account: &str, role: &str, session: &str) -> String {
    format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}")
}

/// An ARN of IAM or STS, cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityArn<'a> {
    /// `aws`, …
    pub partition: &'a str,
    /// `iam` or `sts`.
    pub service: &'a str,
    /// 12 digits, or `aws` for policies that AWS manages.
    pub account: &'a str,
    /// `user`, `role`, `group`, `policy`, `root`, `assumed-role`, `federated-user`, `oidc-provider`, …
    pub kind: &'a str,
    /// With both slashes; `/` where there is none.
    pub path: &'a str,
    /// What follows the path.
    pub name: &'a str,
}

impl<'a> EntityArn<'a> {
    /// Cuts `arn:P:iam::A:kind/path/name`. `None` for anything else.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let known = scheme == "arn" && partition.starts_with("aws") && matches!(service, "iam" | "sts");
        if !known || !region.is_empty() || !(is_account(account) || account == "aws") {
            return None;
        }
        let Some(slash) = resource.find('/') else {
            return (resource == "root").then_some(Self {
                partition,
                service,
                account,
                kind: resource,
                path: "/",
                name: "",
            });
        };
        let (kind, rest) = resource.split_at(slash);
        let (path, name) = rest.split_at(rest.rfind('/')? + 1);
        (!name.is_empty()).then_some(Self { partition, service, account, kind, path, name })
    }
}

/// Whether the text is 12 digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_cut_where_they_were_joined() {
        let role = arn("aws", "111122223333", Kind::Role, "/a/b/", "r");
        assert_eq!(role, "arn:aws:iam::111122223333:role/a/b/r");
        let cut = EntityArn::parse(&role).unwrap();
        assert_eq!((cut.kind, cut.path, cut.name, cut.account), ("role", "/a/b/", "r", "111122223333"));
        let cut = EntityArn::parse("arn:aws:iam::aws:policy/AdministratorAccess").unwrap();
        assert_eq!((cut.account, cut.path, cut.name), ("aws", "/", "AdministratorAccess"));
        let session = session_arn("aws", "111122223333", "r", "s");
        let cut = EntityArn::parse(&session).unwrap();
        assert_eq!((cut.service, cut.kind, cut.path, cut.name), ("sts", "assumed-role", "/r/", "s"));
        for wrong in ["", "arn:aws:iam::1:user/x", "arn:aws:iam:us-east-1:111122223333:user/x", "arn:aws:s3:::b/x"] {
            assert_eq!(EntityArn::parse(wrong), None, "{wrong}");
        }
    }
}
