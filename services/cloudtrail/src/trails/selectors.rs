//! Event selectors between requests, records and answers.

use claviger_shapes::cloudtrail::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, InvalidEventSelectorsException,
};
use claviger_trail::select::{self, Advanced, Basic, Field, ReadWrite, Selectors};

const BASIC_MAX: usize = 5;
const DATA_RESOURCES_MAX: usize = 250;
const ADVANCED_VALUES_MAX: usize = 500;
/// The only sources a basic selector can leave out.
const EXCLUDABLE: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];
const FIELDS: [&str; 9] = [
    "eventCategory",
    "readOnly",
    "eventSource",
    "eventName",
    "eventType",
    "resources.type",
    "resources.ARN",
    "userIdentity.arn",
    "sessionCredentialFromConsole",
];
/// Fields that take nothing but `Equals`.
const EQUALS_ONLY: [&str; 3] = ["eventCategory", "readOnly", "resources.type"];
const CATEGORIES: [&str; 3] = ["Management", "Data", "NetworkActivity"];

/// What a request sets: exactly one of the two kinds.
pub(crate) fn accept<E: From<InvalidEventSelectorsException>>(
    basic: Option<&[EventSelector]>,
    advanced: Option<&[AdvancedEventSelector]>,
) -> Result<Selectors, E> {
    let accepted = match (basic.filter(|list| !list.is_empty()), advanced.filter(|list| !list.is_empty())) {
        (Some(basic), None) => accept_basic(basic).map(Selectors::Basic),
        (None, Some(advanced)) => accept_advanced(advanced).map(Selectors::Advanced),
        (None, None) => Err("Specify either EventSelectors or AdvancedEventSelectors.".to_owned()),
        (Some(_), Some(_)) => Err("EventSelectors and AdvancedEventSelectors cannot both be specified.".to_owned()),
    };
    accepted.map_err(|message| InvalidEventSelectorsException::new(message).into())
}

fn accept_basic(selectors: &[EventSelector]) -> Result<Vec<Basic>, String> {
    if selectors.len() > BASIC_MAX {
        return Err(format!("A trail can have at most {BASIC_MAX} event selectors."));
    }
    let resources = selectors.iter().flat_map(|selector| selector.data_resources.iter().flatten());
    if resources.map(|resource| resource.values.as_ref().map_or(0, Vec::len)).sum::<usize>() > DATA_RESOURCES_MAX {
        return Err(format!("A trail can have at most {DATA_RESOURCES_MAX} data resources."));
    }
    selectors.iter().map(accept_one).collect()
}

fn accept_one(selector: &EventSelector) -> Result<Basic, String> {
    let read_write = match selector.read_write_type.as_deref() {
        None | Some("All") => ReadWrite::All,
        Some("ReadOnly") => ReadWrite::ReadOnly,
        Some("WriteOnly") => ReadWrite::WriteOnly,
        Some(other) => return Err(format!("{other} is not a valid ReadWriteType.")),
    };
    let excluded_sources = selector.exclude_management_event_sources.clone().unwrap_or_default();
    if let Some(other) = excluded_sources.iter().find(|source| !EXCLUDABLE.contains(&source.as_str())) {
        return Err(format!("{other} is not a valid value of ExcludeManagementEventSources."));
    }
    let management = selector.include_management_events != Some(false);
    if !(management || excluded_sources.is_empty()) {
        return Err("ExcludeManagementEventSources needs IncludeManagementEvents.".to_owned());
    }
    let data_resources = selector.data_resources.iter().flatten().map(|resource| select::DataResource {
        kind: resource.r#type.clone(),
        values: resource.values.clone().unwrap_or_default(),
    });
    Ok(Basic { read_write, management, data_resources: data_resources.collect(), excluded_sources })
}

fn accept_advanced(selectors: &[AdvancedEventSelector]) -> Result<Vec<Advanced>, String> {
    let accepted: Vec<Advanced> = selectors.iter().map(accept_fields).collect::<Result<_, _>>()?;
    let values = accepted.iter().flat_map(|selector| &selector.fields).flat_map(lists).map(Vec::len).sum::<usize>();
    if values > ADVANCED_VALUES_MAX {
        return Err(format!("Advanced event selectors can have at most {ADVANCED_VALUES_MAX} values."));
    }
    Ok(accepted)
}

fn accept_fields(selector: &AdvancedEventSelector) -> Result<Advanced, String> {
    let fields: Vec<Field> = selector.field_selectors.iter().map(accept_field).collect::<Result<_, _>>()?;
    for (place, field) in fields.iter().enumerate() {
        if fields.iter().take(place).any(|earlier| earlier.field == field.field) {
            return Err(format!("The field {} is named twice in one selector.", field.field));
        }
    }
    let category = fields.iter().find(|field| field.field == "eventCategory");
    match category.map(|field| field.equals.as_slice()) {
        Some([category]) if CATEGORIES.contains(&category.as_str()) => {}
        _ => return Err("Each selector must have eventCategory with Equals and one valid value.".to_owned()),
    }
    Ok(Advanced { name: selector.name.clone(), fields })
}

fn accept_field(selector: &AdvancedFieldSelector) -> Result<Field, String> {
    let name = &selector.field;
    let list = |values: &Option<Vec<String>>| values.clone().unwrap_or_default();
    let field = Field {
        field: name.clone(),
        equals: list(&selector.equals),
        starts_with: list(&selector.starts_with),
        ends_with: list(&selector.ends_with),
        not_equals: list(&selector.not_equals),
        not_starts_with: list(&selector.not_starts_with),
        not_ends_with: list(&selector.not_ends_with),
    };
    if !FIELDS.contains(&name.as_str()) {
        return Err(format!("{name} is not a valid field of an advanced event selector."));
    }
    if lists(&field).all(Vec::is_empty) {
        return Err(format!("The field {name} needs an operator."));
    }
    let others = lists(&field).skip(1).any(|list| !list.is_empty());
    if EQUALS_ONLY.contains(&name.as_str()) && others {
        return Err(format!("The field {name} takes no operator but Equals."));
    }
    if name == "readOnly" && !matches!(field.equals.as_slice(), [value] if value == "true" || value == "false") {
        return Err("The field readOnly takes true or false.".to_owned());
    }
    Ok(field)
}

fn lists(field: &Field) -> impl Iterator<Item = &Vec<String>> {
    [
        &field.equals,
        &field.starts_with,
        &field.ends_with,
        &field.not_equals,
        &field.not_starts_with,
        &field.not_ends_with,
    ]
    .into_iter()
}

/// What is answered: (`EventSelectors`, `AdvancedEventSelectors`).
pub(crate) fn show(selectors: &Selectors) -> (Option<Vec<EventSelector>>, Option<Vec<AdvancedEventSelector>>) {
    match selectors {
        Selectors::Basic(selectors) => (Some(selectors.iter().map(show_basic).collect()), None),
        Selectors::Advanced(selectors) => (None, Some(selectors.iter().map(show_advanced).collect())),
    }
}

fn show_basic(selector: &Basic) -> EventSelector {
    let read_write = match selector.read_write {
        ReadWrite::All => "All",
        ReadWrite::ReadOnly => "ReadOnly",
        ReadWrite::WriteOnly => "WriteOnly",
    };
    let resources = selector.data_resources.iter();
    let resources =
        resources.map(|resource| DataResource { r#type: resource.kind.clone(), values: Some(resource.values.clone()) });
    EventSelector {
        read_write_type: Some(read_write.to_owned()),
        include_management_events: Some(selector.management),
        data_resources: Some(resources.collect()),
        exclude_management_event_sources: Some(selector.excluded_sources.clone()),
    }
}

fn show_advanced(selector: &Advanced) -> AdvancedEventSelector {
    let list = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
    let fields = selector.fields.iter().map(|field| AdvancedFieldSelector {
        field: field.field.clone(),
        equals: list(&field.equals),
        starts_with: list(&field.starts_with),
        ends_with: list(&field.ends_with),
        not_equals: list(&field.not_equals),
        not_starts_with: list(&field.not_starts_with),
        not_ends_with: list(&field.not_ends_with),
    });
    AdvancedEventSelector { name: selector.name.clone(), field_selectors: fields.collect() }
}
