//! The words by which attributes name values of operator-definition.

use operator_definition::{Format, Protocol, Reload, Security, Workload};

pub const WORKLOADS: &[(&str, Workload)] = &[
    ("StatefulSet", Workload::StatefulSet),
    ("Deployment", Workload::Deployment),
    ("DaemonSet", Workload::DaemonSet),
    ("Job", Workload::Job),
];

pub const SECURITY: &[(&str, Security)] =
    &[("restricted", Security::Restricted), ("unrestricted", Security::Unrestricted)];

pub const PROTOCOLS: &[(&str, Protocol)] = &[("TCP", Protocol::Tcp), ("UDP", Protocol::Udp)];

pub const FORMATS: &[(&str, Format)] = &[
    ("raw", Format::Raw),
    ("properties", Format::Properties),
    ("json", Format::Json),
    ("yaml", Format::Yaml),
    ("env", Format::Env),
    ("toml", Format::Toml),
    ("ini", Format::Ini),
    ("xml", Format::Xml),
];

pub const RELOADS: &[(&str, Reload)] = &[("pods", Reload::Pods), ("none", Reload::None)];
