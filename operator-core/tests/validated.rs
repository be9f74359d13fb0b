//! Rules of the author's own over a spec.

use operator_core::{check, prelude::*, render::Author};
use serde_json::json;

use crate::common::built;

/// A ring.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Ring", validate = wrong)]
pub struct RingSpec {
    /// Image of every node.
    #[operator(image)]
    pub image: Option<String>,
    /// Ends of the ring.
    pub ends: Vec<String>,
    /// The members.
    #[node_type(name = "member")]
    pub members: BTreeMap<String, NodeSpec>,
}

fn wrong(spec: &RingSpec) -> Vec<Invalid> {
    let known = spec.ends.iter().enumerate().filter(|(_, end)| !spec.members.contains_key(*end));
    known.map(|(index, end)| Invalid::new(format!("ends[{index}]"), format!("there is no member `{end}`"))).collect()
}

#[test]
fn a_spec_that_breaks_a_rule_of_the_author_is_invalid_beside_what_else_is_wrong() {
    let spec = |ends: &[&str], member| json!({ "image": "i", "ends": ends, "members": { "a": member } });
    let author = Author::of::<Ring>();
    assert!(built(author, &spec(&["a"], json!({}))).is_ok());
    assert_eq!(built(author, &spec(&["a", "b"], json!({}))).unwrap_err(), ["spec.ends[1]: there is no member `b`"]);
    let errors = built(author, &spec(&["c"], json!({ "replicas": -1 }))).unwrap_err();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert_eq!(errors[0], "spec.ends[0]: there is no member `c`");
}

/// Has a function that counts on a rule.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Hosted", validate = hosted)]
pub struct HostedSpec {
    /// At least one.
    pub hosts: Vec<String>,
    /// A file.
    #[config(file = "first.properties", mount = "/etc/first", with = first)]
    #[serde(default)]
    pub first: Properties,
    /// The members.
    #[node_type(name = "member", image = "i")]
    pub member: NodeSpec,
}

fn hosted(spec: &HostedSpec) -> Vec<Invalid> {
    if spec.hosts.is_empty() { vec![Invalid::new("hosts", "give at least one")] } else { Vec::new() }
}

fn first(spec: &HostedSpec) -> Properties {
    Properties::from([("host", &spec.hosts[0])])
}

#[test]
fn other_functions_of_the_author_can_count_on_its_rules() {
    let author = Author::of::<Hosted>();
    let errors = built(author, &json!({ "hosts": [], "member": {} })).unwrap_err();
    assert_eq!(errors, ["spec.hosts: give at least one"]);
    assert!(built(author, &json!({ "hosts": ["a"], "member": {} })).is_ok());
    assert_eq!(check::<Hosted>(), Ok(()));
}

/// Has a rule that not every spec can be held against.
#[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[operator(group = "tests.example.com", version = "v1", kind = "Cut", validate = panicking)]
pub struct CutSpec {
    /// Ends.
    pub ends: Vec<String>,
    /// The members.
    #[node_type(name = "member")]
    pub members: BTreeMap<String, NodeSpec>,
}

fn panicking(spec: &CutSpec) -> Vec<Invalid> {
    if spec.ends[0].is_empty() { vec![Invalid::new("ends", "empty")] } else { Vec::new() }
}

#[test]
fn a_rule_that_refuses_is_no_mistake_of_the_definition_but_one_that_panics_is() {
    // The spec that `check` makes has no ends.
    assert_eq!(check::<Ring>(), Ok(()));
    let found = check::<Cut>().unwrap_err().found;
    let [finding] = &*found else { panic!("{found:?}") };
    assert_eq!(finding.path, "validate");
    assert!(finding.message.starts_with("it panics: index out of bounds"), "{finding}");
}
