//! Filters of lists.

use claviger_shapes::ValidationException;
use claviger_shapes::ssm::{
    InvalidFilterKey, InvalidFilterOption, InvalidFilterValue, ParameterStringFilter, ParametersFilter,
    ParametersFilterKey,
};

use crate::name::{self, is_reserved};
use crate::parameter::Parameter;
use crate::record::{Kind, Tier};

/// What a filter looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Name,
    Type,
    /// `KeyId`.
    Encryption,
    Path,
    Tier,
    DataType,
    Label,
    Tag(String),
}

/// How it compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Equals,
    BeginsWith,
    Contains,
    OneLevel,
    Recursive,
}

/// One filter; a parameter passes when one of the values fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) key: Key,
    pub(crate) how: How,
    /// Empty only for tags, and then any value does.
    pub(crate) values: Vec<String>,
}

/// Which list is filtered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Of all parameters.
    All,
    /// Of those below a node.
    ByPath,
}

/// Errors of operations with filters.
pub(crate) trait FilterError:
    From<InvalidFilterKey> + From<InvalidFilterOption> + From<InvalidFilterValue> + From<ValidationException>
{
}

impl<E> FilterError for E where
    E: From<InvalidFilterKey> + From<InvalidFilterOption> + From<InvalidFilterValue> + From<ValidationException>
{
}

/// Reads the filters of a request.
pub(crate) fn parse<E: FilterError>(filters: &[ParameterStringFilter], list: List) -> Result<Vec<Filter>, E> {
    let mut parsed: Vec<Filter> = Vec::with_capacity(filters.len());
    for filter in filters {
        let filter = one::<E>(filter, list)?;
        if parsed.iter().any(|known| known.key == filter.key) {
            let text = format!(
                "The following filter is duplicated in the request: {}. A request can contain only one occurrence of a \
                 specific filter.",
                filter.key.name()
            );
            return Err(InvalidFilterKey::new(text).into());
        }
        parsed.push(filter);
    }
    Ok(parsed)
}

fn one<E: FilterError>(filter: &ParameterStringFilter, list: List) -> Result<Filter, E> {
    let name = filter.key.as_str();
    let key = match name {
        "Name" => Key::Name,
        "Type" => Key::Type,
        "KeyId" => Key::Encryption,
        "Path" => Key::Path,
        "Tier" => Key::Tier,
        "DataType" => Key::DataType,
        "Label" => Key::Label,
        tag => Key::Tag(tag.strip_prefix("tag:").unwrap_or(tag).to_owned()),
    };
    let valid = match list {
        List::All if key == Key::Label => Some("Path, Name, Type, KeyId, Tier"),
        List::ByPath if !matches!(key, Key::Type | Key::Encryption | Key::Label) => Some("Type, KeyId"),
        _ => None,
    };
    if let Some(valid) = valid {
        let text = format!("The following filter key is not valid: {name}. Valid filter keys include: [{valid}].");
        return Err(InvalidFilterKey::new(text).into());
    }
    let values = filter.values.clone().unwrap_or_default();
    if values.is_empty() && !matches!(key, Key::Tag(_)) {
        let text = format!("The following filter values are missing : null for filter key {name}.");
        return Err(InvalidFilterValue::new(text).into());
    }
    let how = how::<E>(&key, filter.option.as_deref())?;
    check_values::<E>(&key, &values)?;
    Ok(Filter { key, how, values })
}

fn how<E: FilterError>(key: &Key, option: Option<&str>) -> Result<How, E> {
    let valid = match (key, option) {
        (Key::Path, None | Some("OneLevel")) => return Ok(How::OneLevel),
        (Key::Path, Some("Recursive")) => return Ok(How::Recursive),
        (Key::Path, _) => "Recursive, OneLevel",
        (_, None | Some("Equals")) => return Ok(How::Equals),
        (Key::Label, _) => "Equals",
        (_, Some("BeginsWith")) => return Ok(How::BeginsWith),
        (Key::Name, Some("Contains")) => return Ok(How::Contains),
        _ => "BeginsWith, Equals",
    };
    let option = option.unwrap_or_default();
    let text = format!("The following filter option is not valid: {option}. Valid options include: [{valid}].");
    Err(InvalidFilterOption::new(text).into())
}

fn check_values<E: FilterError>(key: &Key, values: &[String]) -> Result<(), E> {
    let valid: &[&str] = match key {
        Key::Tier => &["Standard", "Advanced", "Intelligent-Tiering"],
        Key::Type => &["String", "StringList", "SecureString"],
        _ => &[],
    };
    for value in values {
        if !valid.is_empty() && !valid.contains(&value.as_str()) {
            let valid = valid.join(", ");
            let text = format!("The following filter value is not valid: {value}. Valid values include: [{valid}]");
            return Err(InvalidFilterOption::new(text).into());
        }
        if *key == Key::Path {
            if is_reserved(value) {
                let text = "Filters for common parameters can't be prefixed with \"aws\" or \"ssm\" \
                            (case-insensitive). When using global parameters, please specify within a global namespace.";
                return Err(ValidationException::new(text).into());
            }
            name::node(value)?;
        }
    }
    Ok(())
}

/// The filters of older clients: names begin with a value, the rest equals one.
pub(crate) fn legacy(filters: &[ParametersFilter]) -> Vec<Filter> {
    let one = |filter: &ParametersFilter| {
        let (key, how) = match filter.key {
            ParametersFilterKey::Name => (Key::Name, How::BeginsWith),
            ParametersFilterKey::Type => (Key::Type, How::Equals),
            ParametersFilterKey::KeyId => (Key::Encryption, How::Equals),
        };
        Filter { key, how, values: filter.values.clone() }
    };
    filters.iter().map(one).collect()
}

impl Key {
    fn name(&self) -> &str {
        match self {
            Self::Name => "Name",
            Self::Type => "Type",
            Self::Encryption => "KeyId",
            Self::Path => "Path",
            Self::Tier => "Tier",
            Self::DataType => "DataType",
            Self::Label => "Label",
            Self::Tag(name) => name,
        }
    }
}

impl Filter {
    /// Whether a parameter passes.
    pub(crate) fn passes(&self, parameter: &Parameter) -> bool {
        let record = &parameter.record;
        let current = &record.current;
        match &self.key {
            Key::Name => self.values.iter().any(|value| self.names(&record.path, value)),
            Key::Path => self.values.iter().any(|value| self.holds(&record.path, value)),
            Key::Type => self.fits(match current.kind {
                Kind::String => "String",
                Kind::StringList => "StringList",
                Kind::SecureString => "SecureString",
            }),
            Key::Tier => self.fits(match current.tier {
                Tier::Standard => "Standard",
                Tier::Advanced => "Advanced",
            }),
            Key::Encryption => current.key_id.as_deref().is_some_and(|key| self.fits(key)),
            Key::DataType => self.fits(&current.data_type),
            Key::Label => self.values.iter().any(|label| record.labels.contains_key(label)),
            Key::Tag(tag) => record.tags.get(tag).is_some_and(|value| self.values.is_empty() || self.fits(value)),
        }
    }

    fn fits(&self, text: &str) -> bool {
        self.values.iter().any(|value| match self.how {
            How::BeginsWith => text.starts_with(value.as_str()),
            _ => text == value,
        })
    }

    /// Names are compared without regard to the slash before them.
    fn names(&self, path: &str, value: &str) -> bool {
        match self.how {
            How::Contains => path.contains(value),
            How::BeginsWith => path[1..].starts_with(value.strip_prefix('/').unwrap_or(value)),
            _ => path[1..] == *value.strip_prefix('/').unwrap_or(value),
        }
    }

    fn holds(&self, path: &str, node: &str) -> bool {
        let node = node.trim_end_matches('/');
        let Some(rest) = path.strip_prefix(node).and_then(|rest| rest.strip_prefix('/')) else { return false };
        self.how == How::Recursive || !rest.contains('/')
    }
}
