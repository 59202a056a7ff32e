//! Counters and timings in OpenMetrics text.

use std::sync::atomic::AtomicU64;

use claviger_pipeline::{Observer, Outcome};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The content type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    service: &'static str,
    operation: &'static str,
    error: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabels {
    service: &'static str,
    operation: &'static str,
}

/// What the server counts.
pub struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    seconds: Family<OperationLabels, Histogram, fn() -> Histogram>,
    /// Open client connections.
    pub connections: Gauge,
    /// Connections refused because too many were open.
    pub refused: Counter<u64, AtomicU64>,
    /// Alarms, 0 or 1 each.
    alarms: Family<AlarmLabels, Gauge>,
    /// Records each sink has not handled yet, and events it took.
    sinks_behind: Family<SinkLabels, Gauge>,
    sinks_delivered: Family<SinkLabels, Counter>,
    sink_alarms: Family<SinkAlarmLabels, Gauge>,
    /// Room on the audit log's disk.
    audit_bytes_available: Gauge,
    audit_bytes_total: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AlarmLabels {
    alarm: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SinkLabels {
    sink: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SinkAlarmLabels {
    alarm: &'static str,
    sink: String,
}

/// The alarm that rises when a sink does not keep up.
pub const SINK_BEHIND: &str = "sink_behind";
/// The alarm that rises when audit records cannot be written.
pub const AUDIT_NOT_WRITABLE: &str = "audit_not_writable";
/// The alarm that rises before the audit log's disk is full.
pub const AUDIT_DISK_FILLING: &str = "audit_disk_filling";

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("claviger");
        let calls = Family::default();
        registry.register("calls", "Calls answered, by operation and error code", calls.clone());
        // 8 µs to about 4 s.
        let seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(8e-6, 2.0, 20)));
        registry.register_with_unit(
            "call",
            "Time from the complete request to the answer",
            Unit::Seconds,
            seconds.clone(),
        );
        let connections = Gauge::default();
        registry.register("connections", "Open client connections", connections.clone());
        let refused = Counter::default();
        registry.register("connections_refused", "Connections refused because too many were open", refused.clone());
        let alarms = Family::<AlarmLabels, Gauge>::default();
        registry.register("alarm", "1 while somebody should look at the server, by cause", alarms.clone());
        for alarm in [AUDIT_NOT_WRITABLE, AUDIT_DISK_FILLING] {
            alarms.get_or_create(&AlarmLabels { alarm }).set(0);
        }
        let (audit_bytes_available, audit_bytes_total) = (Gauge::default(), Gauge::default());
        let mut disk = |name: &str, help: &str, gauge: &Gauge| {
            registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        };
        disk("audit_disk_available", "Room left on the audit log's disk", &audit_bytes_available);
        disk("audit_disk_total", "Size of the audit log's disk", &audit_bytes_total);
        let sinks_behind = Family::<SinkLabels, Gauge>::default();
        registry.register("sink_behind_records", "Audit records a sink has not handled yet", sinks_behind.clone());
        let sinks_delivered = Family::<SinkLabels, Counter>::default();
        registry.register("sink_delivered", "Events a sink took", sinks_delivered.clone());
        let sink_alarms = Family::<SinkAlarmLabels, Gauge>::default();
        registry.register("sink_alarm", "1 while a sink does not keep up", sink_alarms.clone());
        Self {
            sinks_behind,
            sinks_delivered,
            sink_alarms,
            registry,
            calls,
            seconds,
            connections,
            refused,
            alarms,
            audit_bytes_available,
            audit_bytes_total,
        }
    }
}

impl Metrics {
    /// Raises or ends an alarm.
    pub fn alarm(&self, alarm: &'static str, raised: bool) {
        self.alarms.get_or_create(&AlarmLabels { alarm }).set(i64::from(raised));
    }

    /// Notes how many records a sink has before it.
    pub fn sink_behind(&self, sink: &str, records: u64) {
        let records = i64::try_from(records).unwrap_or(i64::MAX);
        self.sinks_behind.get_or_create(&SinkLabels { sink: sink.to_owned() }).set(records);
    }

    /// Counts an event that a sink took.
    pub fn sink_delivered(&self, sink: &str) {
        self.sinks_delivered.get_or_create(&SinkLabels { sink: sink.to_owned() }).inc();
    }

    /// Raises or ends an alarm of a sink.
    pub fn sink_alarm(&self, alarm: &'static str, sink: &str, raised: bool) {
        self.sink_alarms.get_or_create(&SinkAlarmLabels { alarm, sink: sink.to_owned() }).set(i64::from(raised));
    }

    /// Notes how much room the audit log has.
    pub fn audit_space(&self, space: &claviger_audit::Space) {
        let gauge = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.audit_bytes_available.set(gauge(space.bytes_available));
        self.audit_bytes_total.set(gauge(space.bytes_total));
    }

    /// Everything, as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Observer for Metrics {
    fn finished(&self, outcome: &Outcome<'_>) {
        let (service, operation) = (outcome.service, outcome.operation);
        let error = outcome.error.unwrap_or_default().to_owned();
        self.calls.get_or_create(&CallLabels { service, operation, error }).inc();
        self.seconds.get_or_create(&OperationLabels { service, operation }).observe(outcome.elapsed.as_secs_f64());
    }
}
