//! What `check` finds in a definition that compiles.

#![allow(clippy::duplicated_attributes, reason = "several columns are of one type")]

use operator_core::{Finding, check, prelude::*};

/// What is found, a line each.
fn found<K: Cluster>() -> Vec<String> {
    check::<K>()
        .err()
        .into_iter()
        .flat_map(|findings| findings.found)
        .map(|finding: Finding| finding.to_string())
        .collect()
}

/// Where what a cluster needs is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Zone.
    pub zone_name: String,
    /// `host:port`.
    pub address: String,
    /// How many.
    #[serde(default = "three")]
    pub copies: u32,
}

fn three() -> u32 {
    3
}

mod right {
    use super::*;

    /// Has one of several forms, and a rule with a comment.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Formed")]
    #[operator(validation(rule = "has(self.spec.source) // don't ask", message = "give a source"))]
    pub struct FormedSpec {
        /// Where it reads.
        pub source: Source,
        /// Answer.
        #[node_type(name = "query")]
        pub query: Option<NodeSpec>,
    }

    /// One of two, told apart by their fields.
    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    pub enum Source {
        /// By address.
        Url {
            /// Address.
            url: String,
        },
        /// By place.
        Bucket {
            /// Name.
            bucket: String,
            /// Region.
            region: String,
        },
    }

    #[test]
    fn forms_that_their_fields_tell_apart_are_right() {
        assert_eq!(found::<Formed>(), Vec::<String>::new());
    }

    /// Has something of all that is checked.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Right", selectable = ".spec.place.zoneName")]
    #[operator(printcolumn(name = "Zone", type = "string", json_path = ".spec.place.zoneName"))]
    #[operator(printcolumn(name = "Copies", type = "integer", json_path = ".spec.place.copies"))]
    #[operator(printcolumn(name = "Team", type = "string", json_path = ".metadata.labels['example.com/team']"))]
    #[operator(printcolumn(name = "First", type = "integer", json_path = ".status.nodes[0].ready"))]
    #[operator(printcolumn(
        name = "Since",
        type = "date",
        json_path = ".status.conditions[?(@.type=='Ready')].lastTransitionTime"
    ))]
    #[operator(scale(
        spec_replicas_path = ".spec.query.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ))]
    #[serde(rename_all = "camelCase")]
    pub struct RightSpec {
        /// Image.
        #[operator(image)]
        pub image: String,
        /// What it depends on.
        #[external(name = "store", at = "address", tcp)]
        pub place: Place,
        /// Where it stores.
        #[schemars(regex(pattern = "^s3://.+$"), example = "s3://bucket")]
        pub deep_storage: String,
        /// A file.
        #[config(file = "all.properties", mount = "/etc/all", with = all)]
        #[serde(default)]
        pub all_properties: Properties,
        /// Settings.
        #[operator(defaults)]
        #[serde(default)]
        pub defaults: NodeDefaults,
        /// Groups.
        #[operator(config_groups)]
        #[serde(default)]
        pub config_groups: BTreeMap<String, NodeDefaults>,
        /// Keep data.
        #[node_type(name = "store")]
        #[serde(default)]
        pub stores: BTreeMap<String, Store>,
        /// Answer.
        #[node_type(name = "query", workload = Deployment)]
        pub query: Option<NodeSpec>,
    }

    /// Keeps data.
    #[node_type(storage(data = "/data", size = "1Gi"), defaults = settings)]
    pub struct Store {
        /// A file.
        #[config(file = "store.ini", mount = "/etc/store")]
        pub settings: BTreeMap<String, BTreeMap<String, String>>,
        /// How long to keep.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub keep_days: Option<u16>,
        /// One of two.
        #[serde(default)]
        pub mode: Mode,
        /// A password.
        #[secret(env = "PASSWORD", key = "password")]
        pub password: SecretRef,
    }

    /// One of two.
    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub enum Mode {
        /// With a number.
        Fast {
            /// How fast.
            by: u8,
        },
        /// With a text.
        Slow {
            /// Why.
            why: String,
        },
    }

    impl Default for Mode {
        fn default() -> Self {
            Self::Slow { why: "of nothing".to_owned() }
        }
    }

    fn settings() -> NodeDefaults {
        NodeDefaults { termination_grace_period_seconds: Some(5), ..NodeDefaults::default() }
    }

    // What the schema promises holds.
    fn all(spec: &RightSpec) -> Properties {
        let bucket = spec.deep_storage.strip_prefix("s3://").unwrap();
        Properties::from([("bucket", bucket), ("zone", &spec.place.zone_name), ("store", "${external.store}")])
    }

    #[test]
    fn nothing_is_found_in_a_right_definition() {
        assert_eq!(check::<Right>(), Ok(()));
    }
}

mod paths {
    use super::*;

    /// Has paths that lead nowhere.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(
        group = "tests.example.com",
        version = "v1",
        kind = "Lost",
        selectable = ".spec.place",
        selectable = ".status.redy"
    )]
    #[operator(printcolumn(name = "Zone", type = "string", json_path = ".spec.place.zone_name"))]
    #[operator(printcolumn(name = "Copies", type = "date", json_path = ".spec.place.copies"))]
    #[operator(printcolumn(name = "Made", type = "date", json_path = ".metadata.creationTime"))]
    #[operator(printcolumn(name = "Pods", type = "integer", json_path = ".status.ready.pods"))]
    #[operator(scale(spec_replicas_path = ".spec.query.replica", status_replicas_path = ".status.ready"))]
    #[operator(validation(
        rule = "self.spec.place.copies > 0 || self.spec.plase.copies == 'self.spec.x'",
        message = "m"
    ))]
    #[operator(validation(rule = "has(self.metadata.labels) && has(self.spec.query", message = "m"))]
    #[operator(validation(rule = "self.metadata.labels.size() == 0", message = "m"))]
    pub struct LostSpec {
        /// What it depends on.
        #[external(name = "store", at = "adress", tcp)]
        #[external(name = "zone", at = "copies", tcp)]
        pub place: Place,
        /// Answer.
        #[node_type(name = "query", workload = Deployment)]
        pub query: Option<NodeSpec>,
    }

    #[test]
    fn paths_are_in_the_schema_and_lead_to_what_is_shown_there() {
        assert_eq!(
            found::<Lost>(),
            [
                "printcolumn \"Zone\": `.spec.place` has no field `zone_name`; did you mean `zoneName`?",
                "printcolumn \"Copies\": `.spec.place.copies` is of type integer; name a field of type string",
                "printcolumn \"Made\": `.metadata` has no field `creationTime`; did you mean `creationTimestamp`?",
                "printcolumn \"Pods\": `.status.ready` is of type string, and has no field `pods`",
                "scale(spec_replicas_path): `.spec.query` has no field `replica`; did you mean `replicas`?",
                "scale(status_replicas_path): `.status.ready` is of type string; name a field of type integer",
                "selectable: `.spec.place` is of type object; name a field of type string or boolean or integer",
                "selectable: `.status` has no field `redy`; did you mean `ready`?",
                "external \"store\": `spec.place` has no field `adress`; did you mean `address`?",
                "external \"zone\": `spec.place.copies` is of type integer; say by `at` where the address is, a string",
                "validation \"self.spec.place.copies > 0 || self.spec.plase.copies == 'self.spec.x'\": `self.spec` has no field `plase`; did you mean `place`?",
                "validation \"has(self.metadata.labels) && has(self.spec.query\": a bracket isn't closed: add `)`",
                "validation \"self.metadata.labels.size() == 0\": `self.metadata` has no field `labels`; it has: generateName, name",
            ]
        );
    }
}

mod names {
    use super::*;

    /// Serde and schemars call its fields differently.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Renamed")]
    #[schemars(rename_all = "camelCase")]
    pub struct RenamedSpec {
        /// Image.
        #[operator(image)]
        pub node_image: Option<String>,
        /// A file.
        #[config(file = "a.yaml", mount = "/etc/a")]
        pub app_settings: Option<Properties>,
        /// Answer.
        #[node_type(name = "query")]
        pub query: Query,
    }

    /// Answers.
    #[node_type]
    pub struct Query {
        /// A password.
        #[secret(env = "PASSWORD", key = "password")]
        #[schemars(rename = "pass")]
        pub password: Option<SecretRef>,
    }

    #[test]
    fn fields_are_called_alike_by_serde_and_schemars() {
        let found = found::<Renamed>();
        let like = |start: &str| found.iter().any(|finding| finding.starts_with(start));
        assert!(like("#[operator(image)]: `spec` has no field `node_image`; did you mean `nodeImage`?"), "{found:#?}");
        assert!(
            like("config \"a.yaml\": `spec` has no field `app_settings`; did you mean `appSettings`?"),
            "{found:#?}"
        );
        assert!(like("node_type \"query\", secret `password`: `spec.query` has no field `password`; "), "{found:#?}");
        for path in ["nodeImage", "appSettings", "query.pass"] {
            assert!(
                like(&format!("spec.{path}: the schema has this field, but the type doesn't read it")),
                "{found:#?}"
            );
        }
    }
}

mod types {
    use super::*;

    /// Its type reads other values than the schema takes.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Other")]
    pub struct OtherSpec {
        /// A number.
        #[schemars(with = "Option<String>")]
        pub number: Option<u8>,
        /// Deeper down.
        pub deep: Option<Deep>,
        /// A list.
        pub items: Option<Vec<Deep>>,
        /// Less is required.
        pub open: Option<Open>,
        /// A map.
        pub map: Option<BTreeMap<String, Deep>>,
        /// Answer.
        #[node_type(name = "query")]
        pub query: NodeSpec,
    }

    /// Has a field that the schema doesn't require.
    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct Open {
        /// Required by serde.
        #[schemars(with = "Option<String>")]
        pub needed: String,
    }

    /// Below.
    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    pub struct Deep {
        /// Its default isn't one of its values.
        #[serde(default)]
        #[schemars(extend("default" = 0))]
        pub mode: Option<std::num::NonZeroU8>,
        /// Its default is another for the schema.
        #[serde(default)]
        #[schemars(extend("default" = "12"))]
        pub size: u8,
        /// Written in another way.
        #[serde(default, with = "as_text")]
        #[schemars(with = "String", extend("default" = "007"))]
        pub text: u8,
    }

    mod as_text {
        use super::*;

        pub fn serialize<S: serde::Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
            number.to_string().serialize(serializer)
        }

        pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
            Ok(String::deserialize(deserializer)?.parse().unwrap())
        }
    }

    #[test]
    fn types_read_what_the_schema_accepts() {
        let found = found::<Other>();
        let has = |path: &str, what: &str| {
            assert!(
                found.iter().any(|it| it.starts_with(&format!("spec.{path}: ")) && it.contains(what)),
                "{path}: {found:#?}"
            );
        };
        has("number", "the schema takes a value that the type doesn't: invalid type: string \"a\", expected u8; ");
        for place in ["deep", "items[0]", "map.a"] {
            has(
                &format!("{place}.size"),
                "the schema takes a value that the type doesn't: invalid type: string \"12\"",
            );
            has(&format!("{place}.text"), "its default \"007\" is read and written as \"7\": write the default so");
            has(&format!("{place}.mode"), "the type can't read its default 0: invalid value: integer `0`");
        }
        has("open", "the schema doesn't require what the type does: missing field `needed`");
    }
}

mod files {
    use super::*;

    /// Has files that can't be written.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Unwritten")]
    pub struct UnwrittenSpec {
        /// A file.
        #[config(file = "a.properties", mount = "/etc/a")]
        pub a: BTreeMap<String, BTreeMap<String, String>>,
        /// A file.
        #[config(file = "b.ini", mount = "/etc/a")]
        pub b: BTreeMap<String, BTreeMap<String, Vec<String>>>,
        /// A file.
        #[config(file = "c.txt", mount = "/etc/a", format = raw)]
        pub c: Properties,
        /// A file.
        #[config(file = "d.env", mount = "/etc/a")]
        pub d: String,
        /// A file of JSON may be a text.
        #[config(file = "e.json", mount = "/etc/a")]
        pub e: String,
        /// Answer.
        #[node_type(name = "query")]
        pub query: NodeSpec,
    }

    #[test]
    fn formats_can_hold_the_fields() {
        let advice = "make it a string, a number or a boolean, or write the file as yaml, json or toml";
        assert_eq!(
            found::<Unwritten>(),
            [
                format!("config \"a.properties\": `spec.a` has a map or list in `*`, which this format can't hold: {advice}"),
                format!("config \"b.ini\": `spec.b` has a map or list in `*.*`, which this format can't hold: {advice}"),
                "config \"c.txt\": `spec.c` is of type object, and format = raw writes a string: use another format".to_owned(),
                "config \"d.env\": `spec.d` is of type string, and this format writes names and values: make it a map or a struct".to_owned(),
            ]
        );
    }
}

mod functions {
    use super::*;

    /// Its functions go wrong.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Falling")]
    pub struct FallingSpec {
        /// A list that may be empty.
        pub hosts: Vec<String>,
        /// A file.
        #[config(file = "a.properties", mount = "/etc/a", with = first)]
        #[serde(default)]
        pub a: Properties,
        /// A file.
        #[config(file = "c.env", mount = "/etc/a", with = nested)]
        #[serde(default)]
        pub c: Properties,
        /// Answer.
        #[node_type(name = "query")]
        pub queries: BTreeMap<String, Query>,
    }

    /// Answers.
    #[node_type]
    pub struct Query {
        /// A file.
        #[config(file = "q.txt", mount = "/etc/a", format = raw, with = text)]
        pub text: String,
    }

    fn first(spec: &FallingSpec) -> Properties {
        Properties::from([("host", &spec.hosts[0])])
    }

    fn nested(_: &FallingSpec) -> serde_json::Value {
        serde_json::json!({ "A": { "B": 1 } })
    }

    fn text(query: &Query) -> String {
        query.text[..5].to_owned()
    }

    /// Its defaults panic.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Undone")]
    pub struct UndoneSpec {
        /// Answer.
        #[node_type(name = "query", defaults = undone)]
        pub query: NodeSpec,
    }

    fn undone() -> NodeDefaults {
        panic!("not yet")
    }

    /// Nothing is known of what fits its pattern, so its function isn't called.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Patterned")]
    pub struct PatternedSpec {
        /// A path.
        #[schemars(regex(pattern = "^/.+$"))]
        pub path: String,
        /// A file.
        #[config(file = "a.properties", mount = "/etc/a", with = path)]
        #[serde(default)]
        pub a: Properties,
        /// Answer.
        #[node_type(name = "query")]
        pub query: NodeSpec,
    }

    fn path(spec: &PatternedSpec) -> Properties {
        Properties::from([("path", spec.path.strip_prefix('/').unwrap())])
    }

    /// Says by an example what its rule takes.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Shown")]
    #[operator(validation(rule = "self.spec.host.contains(':')", message = "give a port"))]
    #[schemars(example = shown())]
    pub struct ShownSpec {
        /// Host and port.
        pub host: String,
        /// A file.
        #[config(file = "a.properties", mount = "/etc/a", with = port)]
        #[serde(default)]
        pub a: Properties,
        /// Answer.
        #[node_type(name = "query")]
        pub query: NodeSpec,
    }

    fn shown() -> serde_json::Value {
        serde_json::json!({ "host": "a:http", "query": { "image": "a" } })
    }

    fn port(spec: &ShownSpec) -> Properties {
        Properties::from([("port", spec.host.split(':').nth(1).unwrap().parse::<u16>().unwrap())])
    }

    /// What all of its nodes come to can't be.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Twice")]
    pub struct TwiceSpec {
        /// A file.
        #[config(file = "query-a", mount = "/etc/a", format = yaml, reload = none)]
        pub of_all: Properties,
        /// Answer.
        #[node_type(name = "query")]
        pub query: Twin,
    }

    /// Answers.
    #[node_type]
    pub struct Twin {
        /// A file.
        #[config(file = "a", mount = "/etc/b", format = yaml, reload = none)]
        pub own: Properties,
    }

    impl Customize for TwiceSpec {
        fn customize(&self, _: &Scope<'_>, _: &mut Children) -> Result<(), HookError> {
            panic!("never called: what comes before is wrong")
        }
    }

    /// No node of its type can be made.
    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "tests.example.com", version = "v1", kind = "Above")]
    pub struct AboveSpec {
        /// Answer.
        #[node_type(name = "query", defaults = above)]
        pub query: Option<NodeSpec>,
    }

    fn above() -> NodeDefaults {
        let resources = serde_json::json!({ "resources": { "requests": { "cpu": "2" }, "limits": { "cpu": "1" } } });
        serde_json::from_value(resources).unwrap()
    }

    #[track_caller]
    fn finds<K: Cluster>(expected: &[&str]) {
        let found = found::<K>();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}\n{expected}");
        }
    }

    #[test]
    fn functions_do_not_panic_over_what_the_schema_accepts() {
        finds::<Falling>(&[
            "config \"a.properties\", with: it panics: index out of bounds: the len is 0 but the index is 0, over what the schema accepts: {",
            "config \"c.env\", with: what it returns can't be written: `A` must be a string, a number or a boolean",
            "node_type \"query\", config \"q.txt\", with: it panics: ",
        ]);
        finds::<Undone>(&["node_type \"query\", defaults: it panics: not yet"]);
        finds::<Patterned>(&[]);
        finds::<Shown>(&[
            "config \"a.properties\", with: it panics: called `Result::unwrap()` on an `Err` value: ParseIntError",
        ]);
    }

    #[test]
    fn a_node_of_each_type_comes_to_objects_with_names_of_their_own() {
        finds::<Twice>(&["spec: the cluster and query would both have the ConfigMap a-query-a: rename one"]);
        finds::<Above>(&["spec.query.resources: the cpu request 2 is above the limit 1"]);
    }
}
