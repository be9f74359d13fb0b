//! No input makes a macro panic: what it can't read, it reports. A short run is part of the tests; for a long one, say how many seconds:
//! `FUZZ_SECONDS=600 cargo test --workspace --lib no_input`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use proc_macro2::{Group, TokenStream, TokenTree};

use crate::{attribute, derive};

/// Has every attribute and most keys.
const SPEC: &str = r##"
    /// A cluster.
    #[operator(group = "druid.example.com", version = "v1", kind = "Druid", shortname = "dr", category = "all")]
    #[operator(plural = "druids", singular = "druid", root = "Druid", validate = rules)]
    #[operator(printcolumn(name = "Image", type = "string", json_path = ".spec.image", priority = 1), deprecated = "use v2")]
    #[operator(validation(rule = "has(self.spec.image)", message = "give an image"), annotation("a", "b"), label("c", "d"))]
    #[operator(scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.replicas"), selectable = ".spec.tier")]
    #[operator(allow(host_access, annotations("example.com/")), served = false, storage = false, crate = ::core)]
    #[operator(every_node(env(A = "${cluster.name}"), run_as(user = 1000, group = 1), empty_dirs("/tmp"), args("${node.type}")))]
    #[operator(config(file = "a.yaml", mount = "/etc/a", with = a, readers("broker")))]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    pub struct DruidSpec {
        #[operator(image)] #[serde(rename = "picture")] pub image: String,
        #[operator(defaults)] pub defaults: NodeDefaults,
        #[operator(config_groups(by = "group"))] pub groups: BTreeMap<String, NodeDefaults>,
        #[operator(app_config_groups)] pub apps: BTreeMap<String, Shared>,
        #[operator(deployment_order)] pub order: Vec<String>,
        #[config(file = "a.properties", mount = "/etc/b", format = properties, reload = none, with = common)] pub common: Properties,
        #[secret(env = "PASSWORD", file = "/etc/c", key = "key", generate(length = 32), readers("broker"))] pub secret: Option<SecretRef>,
        #[external(name = "db", at = "a.b", tcp)] #[external(http = "/health")] #[external(check = ready)] pub external: String,
        #[node_types] pub nodes: Vec<Named<Node>>,
        #[cfg(all())]
        #[node_type(
            name = "broker", order = -1, workload = Deployment, replicas = 3, image = "i", port(http = 8080, rpc = PORT, protocol = UDP),
            command("a"), args("${service.brokers.http}"), storage(data = "/data", size = "1Gi", class = "fast"),
            readiness(http = "/ready", port = "http", period = 1, timeout = 1, failures = 3, delay = 0), liveness(tcp = "http"),
            startup(exec("a", "b")), config_hash_env = "HASH", defaults = defaults, read_only_root, security = restricted,
            rule(groups("apps"), resources("pods"), verbs("get")), talks_to("broker"), publish_not_ready = false,
            metrics(port = "http", path = "/metrics")
        )]
        pub r#brokers: NodeSpec,
    }
"##;
const STRUCT: &str = r##"
    #[derive(Default)] #[serde(rename_all = "kebab-case")]
    pub struct Historical<'a, T> {
        /// A file.
        #[config(file = "a.ini", mount = "/a", with = a)] pub a: T,
        #[secret(env = "A")] pub b: SecretRef,
        #[serde(flatten, skip)] pub c: &'a str,
        pub shards: u32,
    }
"##;
const ENUM: &str = r##"
    #[derive(PartialEq)]
    pub enum Node {
        #[node_type(name = "a", order = 1, port(http = 1))] #[serde(rename = "A")] A(NodeSpec),
        MiddleManager(Historical), C { a: B }, D,
    }
"##;
const KEYS: &str =
    r#"copies = self.shards, config(file = "a", mount = "/b", with = c), port(http = 1), crate = a, tag = "role""#;

/// Numbers that look random, always the same (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap_or_default()
    }
}

/// Every token of a stream, those in groups too.
fn words(stream: TokenStream, all: &mut Vec<TokenTree>) {
    for token in stream {
        if let TokenTree::Group(group) = &token {
            words(group.stream(), all);
        }
        all.push(token);
    }
}

/// The stream with one token taken out, doubled, or replaced by another, at some depth.
fn mutated(stream: TokenStream, random: &mut Random, words: &[TokenTree]) -> TokenStream {
    let mut tokens: Vec<TokenTree> = stream.into_iter().collect();
    let at = random.below(tokens.len());
    match tokens.get(at).cloned() {
        Some(TokenTree::Group(group)) if random.below(8) > 0 => {
            let inside = mutated(group.stream(), random, words);
            tokens[at] = Group::new(group.delimiter(), inside).into();
        }
        Some(token) => match random.below(4) {
            0 => _ = tokens.remove(at),
            1 => tokens.insert(at, token),
            _ => tokens[at] = words[random.below(words.len())].clone(),
        },
        None => tokens.push(words[random.below(words.len())].clone()),
    }
    tokens.into_iter().collect()
}

#[test]
fn no_input_makes_a_macro_panic() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (start, time) = (Instant::now(), Duration::from_secs(seconds.unwrap_or_default()));
    let [spec, structure, of_enum, keys] =
        [SPEC, STRUCT, ENUM, KEYS].map(|source| source.parse::<TokenStream>().expect("it is Rust"));
    let mut all = Vec::new();
    for stream in [&spec, &structure, &of_enum, &keys] {
        words(stream.clone(), &mut all);
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut tried, mut refused) = (0, 0);
    while tried < 3000 || start.elapsed() < time {
        let [mut item, mut arguments] = [[&spec, &structure, &of_enum][tried % 3].clone(), keys.clone()];
        for _ in 0..=random.below(4) {
            item = mutated(item, &mut random, &all);
            arguments = mutated(arguments, &mut random, &all);
        }
        let shown = format!("{arguments} over {item}");
        let written = catch_unwind(AssertUnwindSafe(|| match tried % 3 {
            0 => derive::data_operator(item),
            1 => attribute::node_type(arguments, item),
            _ => attribute::node_types(arguments, item),
        }));
        let Ok(written) = written else { panic!("a panic after {tried} tries: {shown}") };
        refused += usize::from(written.to_string().contains("compile_error"));
        tried += 1;
    }
    assert!(refused > tried / 5, "many are wrong: {refused} of {tried}");
    println!("{tried} inputs, {refused} refused");
}
