//! What attributes can't say: the author's hook over the desired objects.
//!
//! | module | holds |
//! | --- | --- |
//! | `error` | what a hook can't do |
//! | `added` | what a hook adds, made like what core makes |
//!
//! A sidecar in every pod of one node type:
//! ```
//! use k8s_openapi::api::core::v1::Container;
//! use operator_core::prelude::*;
//!
//! #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
//! #[operator(group = "cache.example.com", version = "v1alpha1", kind = "Cache")]
//! pub struct CacheSpec {
//!     #[node_type(name = "server", port(cache = 6379))]
//!     pub servers: BTreeMap<String, NodeSpec>,
//!     /// Image of the exporter that runs beside each server.
//!     pub exporter: Option<String>,
//! }
//!
//! impl Customize for CacheSpec {
//!     fn customize(&self, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError> {
//!         let (Some(_), Some(image)) = (scope.node_of("server"), &self.exporter) else { return Ok(()) };
//!         children.pod(|template| {
//!             let pod = template.spec.get_or_insert_default();
//!             pod.containers.push(Container {
//!                 name: "exporter".to_owned(),
//!                 image: Some(image.clone()),
//!                 ..Container::default()
//!             });
//!         })
//!     }
//! }
//! ```

mod added;
mod error;

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodTemplateSpec;
use kube::Resource;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Identity, Kind, Node, Object, names::Names, pod};
use crate::{
    model::kind::{self, ChildKind},
    settings::{
        Invalid, ResolvedNode,
        unknown::{UNKNOWN, ignored},
    },
};
pub use error::HookError;

/// Changes, adds or drops desired objects. Pure: the same cluster must give the same objects.
///
/// It is implemented for the struct that derives `DataOperator`, and called once for each node, and once for the cluster itself.
pub trait Customize: Sized {
    /// Kinds of objects that are added beside the usual ones: they are watched, applied and pruned as those.
    const KINDS: &'static [&'static ChildKind] = &[];

    /// Looks at the objects of one node, or where `scope` has none, of the whole cluster.
    ///
    /// # Errors
    /// What is wrong with the spec, in a sentence that says what to write instead. Nothing is applied then.
    fn customize(&self, scope: &Scope<'_>, children: &mut Children) -> Result<(), HookError>;
}

/// The author's [`Customize`], without its type.
#[derive(Clone, Copy, Debug)]
pub struct Customization {
    /// Kinds of objects that it adds, beside the usual ones.
    pub kinds: &'static [&'static ChildKind],
    /// Calls it: the spec, the cluster or one of its nodes, and the objects that belong to it.
    pub call: fn(&Value, &Scope<'_>, &mut Children) -> Result<(), HookError>,
}

/// What the hook is about.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The cluster.
    pub cluster: &'a Identity,
    /// The node; none: the whole cluster.
    pub node: Option<&'a ResolvedNode>,
}

impl<'a> Scope<'a> {
    /// The node, where it is of this node type.
    pub fn node_of(&self, node_type: &str) -> Option<&'a ResolvedNode> {
        self.node.filter(|node| node.node_type.name == node_type)
    }
}

/// What messages call the pods of a node.
const PODS: &str = "the pods";

/// An object that has a type: those of k8s-openapi, and custom resources of kube's.
pub trait Typed: Resource<DynamicType = ()> + Serialize + DeserializeOwned {}

impl<K: Resource<DynamicType = ()> + Serialize + DeserializeOwned> Typed for K {}

/// The desired objects of a node or cluster.
///
/// Objects are converted to their type and back where they are looked at, and only then; fields that their type doesn't know are refused.
/// Names, owner, and the labels by which pods are selected can't be changed: they are put back. The configuration hash covers what the pods
/// refer to after the hook.
#[derive(Debug)]
pub struct Children {
    objects: Vec<Object>,
    /// The node's workload.
    workload: Option<(Kind, String)>,
    namespace: String,
    /// Kinds that can be added beside the usual ones.
    kinds: &'static [&'static ChildKind],
    node: Option<Arc<Node>>,
}

impl Children {
    pub(crate) fn new(names: &Names<'_>, node: Option<&ResolvedNode>) -> Self {
        Self {
            objects: Vec::new(),
            workload: None,
            namespace: names.cluster.namespace.clone(),
            kinds: names.customize.map_or(&[], |customization| customization.kinds),
            node: node.map(|node| node.at.clone()),
        }
    }

    pub(crate) fn extend(&mut self, objects: impl IntoIterator<Item = Object>) {
        self.objects.extend(objects);
    }

    pub(crate) fn push_workload(&mut self, object: Object) {
        self.workload = Some((object.kind.clone(), object.name.clone()));
        self.objects.push(object);
    }

    /// After the author's hook, where there is one.
    pub(crate) fn customized(
        mut self,
        names: &Names<'_>,
        spec: &Value,
        scope: &Scope<'_>,
    ) -> Result<Self, Vec<Invalid>> {
        if let Some(customization) = names.customize {
            (customization.call)(spec, scope, &mut self).map_err(|error| self.mistakes(&error, names, spec, scope))?;
            let Self { objects, workload, node, .. } = &mut self;
            let of_core = |object: &Object| {
                workload.as_ref().is_some_and(|(kind, name)| object.kind == *kind && object.name == *name)
            };
            objects
                .iter_mut()
                .filter(|object| !of_core(object))
                .for_each(|it| added::finish(it, names, node.as_deref()));
        }
        Ok(self)
    }

    /// Fields of the pods that would be lost are named by their place in the spec.
    fn mistakes(&self, error: &HookError, names: &Names<'_>, spec: &Value, scope: &Scope<'_>) -> Vec<Invalid> {
        let path = scope.node.map(|node| node.path.clone()).unwrap_or_default();
        let other = || vec![Invalid::new(path, error.to_string())];
        let (HookError::Unknown { object, fields }, Some(node), Some(workload)) = (error, scope.node, self.workload())
        else {
            return other();
        };
        let template = &workload.json["spec"]["template"];
        let in_pods = |pointer: &String| match object.as_str() {
            PODS => Some(pod::place_of(node, template, pointer)),
            object if object == shown(workload) => {
                Some(pod::place_of(node, template, pointer.strip_prefix("/spec/template")?))
            }
            _ => None,
        };
        let places: Option<Vec<String>> = fields.iter().map(in_pods).collect();
        let invalid = |place: &String| node.invalid_layer(names.definition, spec, place, UNKNOWN.to_owned());
        places.map_or_else(other, |places| places.iter().map(invalid).collect())
    }

    pub(crate) fn into_objects(self) -> Vec<Object> {
        self.objects
    }

    fn workload(&self) -> Option<&Object> {
        let (kind, name) = self.workload.as_ref()?;
        self.objects.iter().find(|object| object.kind == *kind && object.name == *name)
    }

    /// Number of pods of the node's workload, where it says one.
    pub(crate) fn replicas(&self) -> Option<i64> {
        self.workload()?.json.pointer("/spec/replicas")?.as_i64()
    }

    /// The node's workload, unless the hook dropped it.
    pub(crate) fn workload_mut(&mut self) -> Option<&mut Object> {
        let (kind, name) = self.workload.as_ref()?;
        self.objects.iter_mut().find(|object| object.kind == *kind && &object.name == name)
    }

    /// Changes the pods of the node. Containers that are added are confined as the others where they don't say otherwise.
    ///
    /// # Errors
    /// Where there is no node, or the template can't be read, as where a sidecar of the custom resource has a field of another type, or one
    /// that isn't known.
    pub fn pod(&mut self, change: impl FnOnce(&mut PodTemplateSpec)) -> Result<(), HookError> {
        let template = self.workload_mut().and_then(|object| object.json.get_mut("spec")?.get_mut("template"));
        let template = template.ok_or(HookError::NoPods)?;
        let mut typed = read(template, PODS)?;
        change(&mut typed);
        *template = write(&typed, PODS)?;
        Ok(())
    }

    /// Changes one object.
    ///
    /// # Errors
    /// Where there is none of this name, it can't be read, or it is a configuration file, whose name is that of its content.
    pub fn change<K: Typed>(&mut self, name: &str, change: impl FnOnce(&mut K)) -> Result<(), HookError> {
        let missing = self.missing::<K>(name);
        let object = self.objects.iter_mut().find(|object| is::<K>(&object.kind) && object.name == name);
        change_object(object.ok_or(missing)?, change)
    }

    /// Changes every object of a kind, also where there is none.
    ///
    /// # Errors
    /// As for [`Children::change`].
    pub fn change_all<K: Typed>(&mut self, mut change: impl FnMut(&mut K)) -> Result<(), HookError> {
        let mut objects = self.objects.iter_mut().filter(|object| is::<K>(&object.kind));
        objects.try_for_each(|object| change_object(object, &mut change))
    }

    /// Adds an object under a name of the author's choice, in the cluster's namespace where its kind has any. The name should begin with the
    /// cluster's; of a cluster-scoped object, with its namespace and name.
    ///
    /// # Errors
    /// Where its kind is neither one of the usual nor in [`Customize::KINDS`], it has no name, is in another namespace, or is there already.
    pub fn add<K: Typed>(&mut self, object: K) -> Result<(), HookError> {
        let mut kinds = kind::ALL.iter().chain(self.kinds).copied();
        let kind = kinds.find(|kind| is::<K>(kind));
        let kind = kind.ok_or_else(|| HookError::UnknownKind(K::kind(&()).into(), K::api_version(&()).into()))?;
        let meta = object.meta();
        let name = meta.name.clone().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| HookError::NoName(K::kind(&()).into()))?;
        let shown = format!("{} {name}", K::kind(&()));
        if let Some(namespace) = meta.namespace.clone().filter(|namespace| *namespace != self.namespace) {
            return Err(HookError::Namespace { object: shown, namespace, own: self.namespace.clone() });
        }
        if self.objects.iter().any(|object| object.kind == kind && object.name == name) {
            return Err(HookError::Exists(shown));
        }
        let body = write(&object, &shown)?;
        self.objects.push(Object { node: self.node.clone(), ..Object::new(kind, name, None, body) });
        Ok(())
    }

    /// Leaves an object out; the node's workload can't be.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn drop<K: Typed>(&mut self, name: &str) -> Result<(), HookError> {
        let missing = self.missing::<K>(name);
        let index = self.objects.iter().position(|object| is::<K>(&object.kind) && object.name == name);
        self.objects.remove(index.ok_or(missing)?);
        Ok(())
    }

    /// The names of the objects of a kind.
    pub fn names<K: Typed>(&self) -> Vec<String> {
        self.objects.iter().filter(|object| is::<K>(&object.kind)).map(|object| object.name.clone()).collect()
    }

    /// A desired object; none: there is none of this name.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn get<K: Typed>(&self, name: &str) -> Result<Option<K>, HookError> {
        let object = self.objects.iter().find(|object| is::<K>(&object.kind) && object.name == name);
        object.map(typed).transpose()
    }

    fn missing<K: Typed>(&self, name: &str) -> HookError {
        let object = format!("{} {name}", K::kind(&()));
        match self.names::<K>().as_slice() {
            [] => HookError::NoneOfKind(object),
            names => HookError::NoObject { object, names: names.join(", ") },
        }
    }
}

fn is<K: Typed>(kind: &ChildKind) -> bool {
    kind.group == K::group(&()) && kind.version == K::version(&()) && kind.kind == K::kind(&())
}

fn change_object<K: Typed>(object: &mut Object, change: impl FnOnce(&mut K)) -> Result<(), HookError> {
    if object.kind == &kind::CONFIG_MAP && object.json["immutable"] == true {
        return Err(HookError::Immutable(object.name.clone()));
    }
    let mut typed = typed::<K>(object)?;
    change(&mut typed);
    object.json = write(&typed, &shown(object))?;
    Ok(())
}

fn typed<K: Typed>(object: &Object) -> Result<K, HookError> {
    let mut json = object.json.clone();
    if let Some(json) = json.as_object_mut() {
        json.insert("apiVersion".to_owned(), object.kind.api_version().into());
        json.insert("kind".to_owned(), object.kind.kind.to_string().into());
        let metadata = json.entry("metadata").or_insert_with(|| json!({}));
        metadata["name"] = object.name.as_str().into();
    }
    read(&json, &shown(object))
}

/// As its type has it. What isn't known to that is refused: it would be lost once the hook has changed it.
fn read<T: Serialize + DeserializeOwned>(json: &Value, object: &str) -> Result<T, HookError> {
    let typed: T = serde_path_to_error::deserialize(json)
        .map_err(|error| HookError::Unreadable { object: object.to_owned(), error: error.to_string() })?;
    let again = |json: &Value| serde_json::to_value(T::deserialize(json).ok()?).ok();
    match ignored(json, &write(&typed, object)?, again) {
        Some(fields) if fields.is_empty() => Ok(typed),
        fields => {
            // Where it would take too long to say which, it is the object as a whole.
            let fields = fields.unwrap_or_else(|| vec![String::new()]);
            Err(HookError::Unknown { object: object.to_owned(), fields })
        }
    }
}

fn write<T: Serialize>(typed: &T, object: &str) -> Result<Value, HookError> {
    serde_json::to_value(typed)
        .map_err(|error| HookError::Unreadable { object: object.to_owned(), error: error.to_string() })
}

fn shown(object: &Object) -> String {
    format!("{} {}", object.kind.kind, object.name)
}
