//! What an author says of a kind of cluster, by `#[derive(DataOperator)]`.

use std::fmt::Debug;

use kube::{CustomResourceExt, Resource, core::NamespaceResourceScope};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{customize::Customization, form::Former};
use crate::{
    definition::Definition,
    model::{ClusterStatus, Invalid},
    settings::unknown::{UNKNOWN, below, ignored},
};

/// How many fields that nothing reads are named.
const SHOWN: usize = 10;

/// An author's own rules: what is wrong with a spec.
pub type Validate<Spec> = fn(&Spec) -> Vec<Invalid>;

/// What `#[derive(DataOperator)]` says of a struct: what a kind of cluster is.
pub trait DataOperator: Serialize + DeserializeOwned + JsonSchema + 'static {
    /// What users write: the struct, or its form.
    type Form: Clone + Debug + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;

    /// What the struct says.
    const DEFINITION: &'static Definition;

    /// Name of the CustomResourceDefinition: the plural and the group.
    const CRD_NAME: &'static str;

    /// The author's hook over the desired objects.
    const CUSTOMIZE: Option<Customization> = None;

    /// The author's own rules over a spec that the schema accepts.
    const VALIDATE: Option<Validate<Self>> = None;

    /// What makes the struct of the form; none: users write the struct.
    const FORM: Option<Former> = None;
}

/// A kind of cluster: the [`CustomResource`](super::CustomResource) of a struct. It is an ordinary kube resource.
pub trait Cluster:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + CustomResourceExt
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// The struct that carries the derive.
    type Spec: DataOperator;

    /// What the struct says.
    const DEFINITION: &'static Definition = Self::Spec::DEFINITION;

    /// The desired state.
    fn spec(&self) -> &<Self::Spec as DataOperator>::Form;

    /// The observed state, as last written by the operator.
    fn status(&self) -> Option<&ClusterStatus>;
}

/// What an author wrote of a kind of cluster: the definition, which is data, and the functions.
#[derive(Clone, Copy, Debug)]
pub struct Author {
    /// The kind and its node types.
    pub definition: &'static Definition,
    /// Reads what users write as its type has it, with the author's defaults. Fields that the type doesn't know are mistakes.
    pub read: fn(&Value) -> Result<Value, Vec<Invalid>>,
    /// What makes the struct of what users write; none: they write the struct.
    pub form: Option<Former>,
    /// The author's hook over the desired objects.
    pub customize: Option<Customization>,
    /// The author's own rules over a spec, as its type has it.
    pub validate: Option<Validate<Value>>,
}

impl Author {
    /// The author of `K`.
    pub fn of<K: Cluster>() -> Self {
        let validate = K::Spec::VALIDATE.is_some().then_some(validate::<K::Spec> as Validate<Value>);
        let (form, customize) = (K::Spec::FORM, K::Spec::CUSTOMIZE);
        Self { definition: K::DEFINITION, read: read::<<K::Spec as DataOperator>::Form>, form, customize, validate }
    }

    /// The same, as if users wrote the struct.
    pub(crate) fn of_struct<K: Cluster>() -> Self {
        Self { read: read::<K::Spec>, form: None, ..Self::of::<K>() }
    }
}

/// Of a definition without functions: a spec is read as it is.
impl From<&'static Definition> for Author {
    fn from(definition: &'static Definition) -> Self {
        Self { definition, read: |spec| Ok(spec.clone()), form: None, customize: None, validate: None }
    }
}

/// Nothing is left out silently: where a newer operator's schema is installed, an older operator would take down what only the newer one knows.
fn read<T: Serialize + DeserializeOwned>(spec: &Value) -> Result<Value, Vec<Invalid>> {
    let read = typed::<T>(spec).map_err(|invalid| vec![invalid])?;
    let Some(ignored) = ignored(spec, &read, |spec| typed::<T>(spec).ok()) else {
        let message = "too many of its fields are written as their types leave them out; leave them out, too";
        return Err(vec![Invalid::new("", message)]);
    };
    let unknown = ignored.iter().take(SHOWN).map(|pointer| Invalid::new(below(String::new(), pointer), UNKNOWN));
    let unknown: Vec<Invalid> = unknown.collect();
    if unknown.is_empty() { Ok(read) } else { Err(unknown) }
}

fn typed<T: Serialize + DeserializeOwned>(spec: &Value) -> Result<Value, Invalid> {
    serde_json::to_value(deserialized::<T>(spec)?).map_err(|error| Invalid::new("", error.to_string()))
}

fn validate<S: DataOperator>(spec: &Value) -> Vec<Invalid> {
    match (S::VALIDATE, deserialized::<S>(spec)) {
        (Some(validate), Ok(spec)) => validate(&spec),
        (_, spec) => spec.err().into_iter().collect(),
    }
}

fn deserialized<T: DeserializeOwned>(spec: &Value) -> Result<T, Invalid> {
    serde_path_to_error::deserialize(spec)
        .map_err(|error| Invalid { path: error.path().to_string(), message: error.inner().to_string() })
}
