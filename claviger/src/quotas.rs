//! The installation's quotas: from names in a settings file to what the pipeline enforces.

use claviger_kms::quotas as kms;
use claviger_pipeline::{Limit, QuotaSettings};
use claviger_quotas::{Catalog, Entry};

use crate::config::{ConfigError, Quotas, RequestQuotas, nearest};

/// Every quota there is, of every service.
pub fn all() -> impl Iterator<Item = &'static Limit> {
    kms::ALL.iter().copied()
}

/// The services that Service Quotas knows.
pub fn catalog() -> Catalog {
    Catalog::new(vec![Entry { code: kms::SERVICE, name: kms::SERVICE_NAME, limits: kms::ALL }])
}

/// Finds the quotas that the settings name.
///
/// # Errors
/// A name nobody knows, a negative value, and one beyond what the quota can be raised to.
pub fn settings(quotas: &Quotas) -> Result<QuotaSettings, ConfigError> {
    let mut settings = QuotaSettings { requests: quotas.requests == RequestQuotas::Aws, ..QuotaSettings::default() };
    for (name, value) in &quotas.values {
        let limit = all().find(|limit| limit.name == name || limit.code == name);
        let limit = limit.ok_or_else(|| ConfigError::Unknown {
            origin: "quotas.values".to_owned(),
            what: "quota",
            name: name.clone(),
            nearest: nearest(name, &mut all().map(|limit| limit.name.to_owned())),
        })?;
        if !(0.0..=limit.ceiling).contains(value) {
            return Err(ConfigError::Value {
                origin: format!("quotas.values.{name}"),
                error: format!("{value} is not between 0 and {}", limit.ceiling),
            });
        }
        settings.values.insert((limit.service, limit.code), *value);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Result<QuotaSettings, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        settings(&Config::load(Some(file.path()), Vec::new())?.quotas)
    }

    #[test]
    fn rates_are_off_unless_asked_for() {
        assert!(!read("").unwrap().requests);
        assert!(read("[quotas]\nrequests = \"aws\"").unwrap().requests);
        let environment = vec![("CLAVIGER_QUOTAS_REQUESTS".to_owned(), "aws".to_owned())];
        assert!(settings(&Config::load(None, environment).unwrap().quotas).unwrap().requests);
        assert!(read("[quotas]\nrequests = \"azure\"").is_err());
    }

    #[test]
    fn quotas_go_by_name_or_code() {
        let text = "[quotas.values]\n\"CreateKey request rate\" = 0.5\n\"L-C2F1777E\" = 200000";
        let values = read(text).unwrap().values;
        assert_eq!(values[&("kms", "L-32B67F4A")], 0.5);
        assert_eq!(values[&("kms", "L-C2F1777E")], 200_000.0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        match read("[quotas.values]\n\"CreateKeys request rate\" = 5").unwrap_err() {
            ConfigError::Unknown { nearest, .. } => assert_eq!(nearest.as_deref(), Some("CreateKey request rate")),
            other => panic!("{other}"),
        }
        for bad in ["\"L-C2F1777E\" = -1", "\"L-C2F1777E\" = nan", "\"Aliases per CMK\" = 1001"] {
            let error = read(&format!("[quotas.values]\n{bad}")).unwrap_err().to_string();
            assert!(error.contains("is not between 0 and"), "{error}");
        }
    }
}
