//! What the parts of a kind's schema cost: a user's patch, by how much of the schema there is. No operator runs.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use druid_operator::Druid;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client, CustomResourceExt,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams},
    runtime::wait::{await_condition, conditions},
};
use operator_core::Cluster;
use operator_testbed::Testbed;
use serde_json::{Value, json};

use crate::error::{Error, failed};

/// Patches of each variant; each has one in turn.
const ROUNDS: usize = 400;
/// Patches before those: the first ones are slow.
const WARM_UP: usize = 40;
const CLUSTER: &str = include_str!("../../examples/druid/cluster.yaml");
const NAME: &str = "wiki";
/// The parts of a schema beside its types, and their keywords.
const PARTS: [(&str, &[&str]); 3] = [
    ("descriptions", &["description", "example", "examples", "title"]),
    (
        "bounds, patterns and words",
        &[
            "default",
            "enum",
            "format",
            "maxItems",
            "maxLength",
            "maxProperties",
            "maximum",
            "minItems",
            "minLength",
            "minProperties",
            "minimum",
            "pattern",
        ],
    ),
    ("CEL rules", &["x-kubernetes-validations"]),
];

/// The kind with a part of its schema.
struct Variant {
    /// What is in it that isn't in the one before.
    name: String,
    crd: Value,
    rules: usize,
    patches: Vec<Duration>,
}

/// Measures and prints a table.
pub async fn print() -> Result<(), Error> {
    let testbed = Testbed::start().await?;
    let client = operator_core::runtime::client::client(testbed.config().await?)?;
    let namespace = testbed.namespace("schema").await?;
    let mut variants = variants()?;
    for variant in &variants {
        install(&client, &variant.crd).await?;
    }
    let apis: Vec<_> = variants.iter().map(|variant| api(&client, namespace.name(), &variant.crd)).collect();
    for (api, variant) in apis.iter().zip(&variants) {
        api.create(&PostParams::default(), &object(&variant.crd)?).await?;
    }
    for round in 0..WARM_UP + ROUNDS {
        for (api, variant) in apis.iter().zip(&mut variants) {
            let patch = json!({ "spec": { "common": { "druid.round": round.to_string() } } });
            let started = Instant::now();
            api.patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await?;
            if round >= WARM_UP {
                variant.patches.push(started.elapsed());
            }
        }
    }
    print!("{}", table(variants));
    Ok(())
}

/// From no schema to the whole.
fn variants() -> Result<Vec<Variant>, Error> {
    let whole = serde_json::to_value(Druid::crd()).map_err(failed("the kind"))?;
    let without = |first: usize| {
        let keywords: Vec<&str> = PARTS[first..].iter().flat_map(|(_, keywords)| *keywords).copied().collect();
        let mut crd = whole.clone();
        strip(&mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], &keywords);
        crd
    };
    let mut bare = whole.clone();
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    bare["spec"]["versions"][0]["schema"]["openAPIV3Schema"] =
        json!({ "type": "object", "properties": { "spec": open, "status": open } });
    let mut all = vec![("no schema".to_owned(), bare), ("types".to_owned(), without(0))];
    all.extend((0..PARTS.len()).map(|part| (format!("and {}", PARTS[part].0), without(part + 1))));
    let named = all.into_iter().enumerate().map(|(number, (name, mut crd))| {
        let group = format!("variant-{number}.example.com");
        crd["metadata"]["name"] = format!("druids.{group}").into();
        crd["spec"]["group"] = group.into();
        let rules = crd.to_string().matches("\"rule\":").count();
        Variant { name, crd, rules, patches: Vec::new() }
    });
    Ok(named.collect())
}

/// Takes keywords out of a schema. Keys of `properties` are fields' names.
fn strip(schema: &mut Value, keywords: &[&str]) {
    match schema {
        Value::Object(map) => {
            map.retain(|keyword, _| !keywords.contains(&keyword.as_str()));
            for (keyword, value) in map {
                match (keyword.as_str(), value) {
                    ("properties", Value::Object(fields)) => {
                        fields.values_mut().for_each(|field| strip(field, keywords));
                    }
                    (_, value) => strip(value, keywords),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, keywords)),
        _ => {}
    }
}

async fn install(client: &Client, crd: &Value) -> Result<(), Error> {
    let crd: CustomResourceDefinition = serde_json::from_value(crd.clone()).map_err(failed("the kind"))?;
    let kinds = Api::<CustomResourceDefinition>::all(client.clone());
    let name = crd.metadata.name.clone().unwrap_or_default();
    kinds.create(&PostParams::default(), &crd).await?;
    await_condition(kinds, &name, conditions::is_crd_established()).await.map_err(failed("waiting for the kind"))?;
    Ok(())
}

fn api(client: &Client, namespace: &str, crd: &Value) -> Api<DynamicObject> {
    let group = crd["spec"]["group"].as_str().unwrap_or_default();
    let kind = GroupVersionKind::gvk(group, Druid::DEFINITION.version, Druid::DEFINITION.kind);
    Api::namespaced_with(client.clone(), namespace, &ApiResource::from_gvk_with_plural(&kind, "druids"))
}

/// The example's cluster.
fn object(crd: &Value) -> Result<DynamicObject, Error> {
    let mut object: Value = serde_saphyr::from_str(CLUSTER).map_err(failed("the cluster"))?;
    let group = crd["spec"]["group"].as_str().unwrap_or_default();
    object["apiVersion"] = format!("{group}/{}", Druid::DEFINITION.version).into();
    object["metadata"] = json!({ "name": NAME });
    serde_json::from_value(object).map_err(failed("the cluster"))
}

fn table(mut variants: Vec<Variant>) -> String {
    let mut text = format!(
        "druids.{}: {ROUNDS} patches of one cluster by its user, without an operator, each variant in turn; a single run\n\n\
         {:<33} {:>9} {:>6} {:>9} {:>7}\n",
        Druid::DEFINITION.group,
        "schema",
        "bytes",
        "rules",
        "median",
        "of none"
    );
    let mut least = None;
    for Variant { name, crd, rules, patches } in &mut variants {
        patches.sort_unstable();
        let median = patches.get(patches.len() / 2).copied().unwrap_or_default();
        let least: Duration = *least.get_or_insert(median);
        let (bytes, ratio) = (crd.to_string().len(), median.as_secs_f64() / least.as_secs_f64());
        let _ = writeln!(text, "{name:<33} {bytes:>9} {rules:>6} {:>6.2} ms {ratio:>7.2}", median.as_secs_f64() * 1e3);
    }
    text
}
