//! What a quota is: the one table row that enforcement and Service Quotas read.

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Things there may be.
    Things,
    /// Bytes of one thing.
    Bytes,
    /// Requests a second.
    Rate,
}

/// A quota of a service, per account and Region.
#[derive(Debug)]
pub struct Limit {
    /// The service's code in Service Quotas (`kms`).
    pub service: &'static str,
    /// The quota's code (`L-C2F1777E`); unique within the service.
    pub code: &'static str,
    /// The quota's name as Service Quotas shows it; of a shared pool that is an operation's own, the operation's.
    pub name: &'static str,
    /// What it counts.
    pub measure: Measure,
    /// AWS's value today, in most Regions.
    pub default: f64,
    /// Regions with another value.
    pub regional: &'static [(&'static [&'static str], f64)],
    /// Whether an account may ask for more.
    pub adjustable: bool,
    /// What it can be raised to at most, where the server or the API sets an end.
    pub ceiling: f64,
}

impl Limit {
    const fn new(
        measure: Measure,
        service: &'static str,
        code: &'static str,
        name: &'static str,
        default: f64,
    ) -> Self {
        // What the model of Service Quotas allows.
        let ceiling = 1e10;
        Self { service, code, name, measure, default, regional: &[], adjustable: true, ceiling }
    }

    /// A number of things.
    pub const fn things(service: &'static str, code: &'static str, name: &'static str, default: f64) -> Self {
        Self::new(Measure::Things, service, code, name, default)
    }

    /// A length in bytes.
    pub const fn bytes(service: &'static str, code: &'static str, name: &'static str, default: f64) -> Self {
        Self::new(Measure::Bytes, service, code, name, default)
    }

    /// Requests a second.
    pub const fn rate(service: &'static str, code: &'static str, name: &'static str, default: f64) -> Self {
        Self::new(Measure::Rate, service, code, name, default)
    }

    /// With other values in some Regions.
    pub const fn regional(self, regional: &'static [(&'static [&'static str], f64)]) -> Self {
        Self { regional, ..self }
    }

    /// Nobody may ask for more.
    pub const fn fixed(self) -> Self {
        Self { adjustable: false, ..self }
    }

    /// Never more than this.
    pub const fn up_to(self, ceiling: f64) -> Self {
        Self { ceiling, ..self }
    }

    /// AWS's value today in a Region.
    pub fn default_in(&self, region: &str) -> f64 {
        let here = self.regional.iter().find(|(regions, _)| regions.contains(&region));
        here.map_or(self.default, |(_, value)| *value)
    }

    /// Whether this is the quota of an operation's own requests.
    pub(crate) fn is_of(&self, operation: &str) -> bool {
        self.measure == Measure::Rate && self.name.strip_suffix(" request rate") == Some(operation)
    }
}
