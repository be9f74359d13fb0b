//! What differs between the pods of a node: variables that Kubernetes fills in from the pod, by the downward API.

use std::cell::RefCell;

use crate::settings::{EnvSource, EnvVar, FieldSelector};

/// What a variable tells a container of its pod.
#[derive(PartialEq)]
struct PodFact {
    /// As references call it: `${pod.<member>}`.
    member: &'static str,
    variable: &'static str,
    /// Path in the pod.
    path: &'static str,
}

static ALL: [PodFact; 3] = [
    PodFact { member: "name", variable: "POD_NAME", path: "metadata.name" },
    PodFact { member: "ip", variable: "POD_IP", path: "status.podIP" },
    PodFact { member: "ordinal", variable: "POD_ORDINAL", path: "metadata.labels['apps.kubernetes.io/pod-index']" },
];

/// What texts of a container read of its pod.
#[derive(Default)]
pub struct PodFacts(RefCell<Vec<&'static PodFact>>);

impl PodFacts {
    /// The variable that has a member, which is read from now on; none: there is no such member.
    pub fn read(&self, member: &str) -> Option<&'static str> {
        let fact = ALL.iter().find(|fact| fact.member == member)?;
        self.0.borrow_mut().push(fact);
        Some(fact.variable)
    }

    /// Adds the variables that are read, before all others: Kubernetes replaces only what comes earlier. Returns those that are set otherwise;
    /// who has set one to the same has done the same.
    pub fn add(self, env: &mut Vec<EnvVar>, others: &[&str]) -> Vec<&'static str> {
        let noted = self.0.into_inner();
        let read: Vec<&PodFact> = ALL.iter().filter(|fact| noted.contains(fact)).collect();
        env.retain(|given| !read.iter().any(|fact| fact.is(given)));
        let is_taken = |variable: &str| others.contains(&variable) || env.iter().any(|given| given.name == variable);
        let taken = read.iter().map(|fact| fact.variable).filter(|variable| is_taken(variable)).collect();
        env.splice(0..0, read.into_iter().map(PodFact::variable));
        taken
    }
}

impl PodFact {
    /// Whether a variable says the same, be it by a reference to itself.
    fn is(&self, given: &EnvVar) -> bool {
        let field = given.value_from.as_ref().and_then(|source| source.field_ref.as_ref());
        let is_same = field.is_some_and(|field| field.field_path == self.path);
        given.name == self.variable && (is_same || given.value == Some(format!("$({})", self.variable)))
    }

    fn variable(&self) -> EnvVar {
        let field = FieldSelector { field_path: self.path.to_owned() };
        let source = EnvSource { field_ref: Some(field), ..EnvSource::default() };
        EnvVar { name: self.variable.to_owned(), value_from: Some(source), ..EnvVar::default() }
    }
}
