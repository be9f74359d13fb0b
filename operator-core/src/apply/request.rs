//! What is sent for each action, by kube's own builders.

use http::Request;
use k8s_openapi::{ByteString, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{
    Resource,
    api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions, PropagationPolicy},
    core::request,
};
use serde_json::{Value, json};

use super::{Failure, secret};
use crate::{
    model::{
        Kind, Object, Quantity,
        kind::{CLAIM, Propagation},
    },
    state::dynamic_resource,
};

/// Stands for objects of any kind.
struct Any {
    metadata: ObjectMeta,
}

dynamic_resource!(Any, Kind, |kind| kind);

/// What can be asked of one object.
pub struct Requests<'a> {
    manager: &'a str,
    namespace: &'a str,
    name: &'a str,
    requests: request::Request,
    /// Whether the API server shall only say what it would store.
    rehearsal: bool,
}

type Built = Result<Request<Vec<u8>>, Failure>;

impl<'a> Requests<'a> {
    pub fn new(manager: &'a str, kind: &'a Kind, namespace: &'a str, name: &'a str) -> Self {
        let requests = request::Request::new(Any::url_path(kind, kind.namespaced.then_some(namespace)));
        Self { manager, namespace, name, requests, rehearsal: false }
    }

    /// The same requests as dry runs: none of them changes anything.
    pub fn rehearsed(self) -> Self {
        Self { rehearsal: true, ..self }
    }

    /// Creates an object where there is none of its name.
    ///
    /// What is applied later is created by an apply, too: else it would have two entries in managedFields, and fields of the first could never
    /// be taken back. An apply that names a version is refused where the object exists at any other, and no object has this one.
    pub fn create(&self, object: &Object, replicas: Option<i32>) -> Built {
        let mut json = object.json.clone();
        fill(&mut json, &object.generate)?;
        if object.is_posted() {
            let params = PostParams { dry_run: self.rehearsal, field_manager: Some(self.manager.to_owned()) };
            return Ok(self.requests.create(&params, json.to_string().into_bytes())?);
        }
        json["metadata"]["resourceVersion"] = "1".into();
        if let Some(replicas) = replicas {
            json["spec"]["replicas"] = replicas.into();
        }
        self.patch(PatchParams::apply(self.manager), &Patch::Apply(json))
    }

    /// Brings an object to what it shall be. Of what was created by POST, only what can be changed is patched: what was generated stays.
    pub fn apply(&self, object: &Object, uid: &str, generate: &[(String, u32)]) -> Built {
        if object.is_posted() {
            let mut json = json!({ "metadata": object.json["metadata"] });
            if !object.once {
                json["data"] = object.json.get("data").cloned().unwrap_or_else(|| json!({}));
                fill(&mut json, generate)?;
            }
            json["metadata"]["uid"] = uid.into();
            let params = PatchParams { field_manager: Some(self.manager.to_owned()), ..PatchParams::default() };
            return self.patch(params, &Patch::Merge(json));
        }
        let mut json = object.json.clone();
        json["metadata"]["uid"] = uid.into();
        self.patch(PatchParams::apply(self.manager).force(), &Patch::Apply(json))
    }

    /// Gives the number of pods, as it is, to a field manager of its own: it stays when the operator gives it up. Without force: where an
    /// autoscaler has set another number meanwhile, that is the one to hand over.
    pub fn hand_over(
        &self,
        object: &Object,
        uid: &str,
        replicas: Option<i32>,
    ) -> Result<Option<Request<Vec<u8>>>, Failure> {
        let Some(replicas) = replicas else { return Ok(None) };
        let json = self.apply_of(&object.kind, uid, json!({ "replicas": replicas }));
        let params = PatchParams::apply(&format!("{}-scale", self.manager));
        self.patch(params, &Patch::Apply(json)).map(Some)
    }

    /// Lets claims stay when their StatefulSet is deleted. In a name of its own: the operator's own apply, which says otherwise, is refused.
    pub fn release(&self, kind: &Kind, uid: &str) -> Built {
        let policy = json!({ "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain" } });
        let params = PatchParams::apply(&format!("{}-release", self.manager)).force();
        self.patch(params, &Patch::Apply(self.apply_of(kind, uid, policy)))
    }

    /// Sets the finalizers of what has this version.
    pub fn hold(&self, version: u64, finalizers: &[String]) -> Built {
        let json = json!({ "metadata": { "resourceVersion": version.to_string(), "finalizers": finalizers } });
        let params = PatchParams { field_manager: Some(self.manager.to_owned()), ..PatchParams::default() };
        self.patch(params, &Patch::Merge(json))
    }

    /// Asks for more storage, and for nothing else.
    pub fn grow(&self, uid: &str, size: &Quantity) -> Built {
        let json = self.apply_of(&Kind::Row(&CLAIM), uid, json!({ "resources": { "requests": { "storage": size } } }));
        self.patch(PatchParams::apply(self.manager).force(), &Patch::Apply(json))
    }

    /// Whether the API server would store the object were there none of its name.
    pub fn dry_run(&self, object: &Object) -> Built {
        let name = format!("{}-probe", self.name);
        let mut json = object.json.clone();
        json["metadata"]["name"] = name.as_str().into();
        let params = PatchParams::apply(self.manager).dry_run();
        Ok(self.requests.patch(&name, &params, &Patch::Apply(json))?)
    }

    pub fn get(&self) -> Built {
        Ok(self.requests.get(self.name, &kube::api::GetParams::default())?)
    }

    /// Deletes what has this UID, and this version where one is given.
    pub fn delete(&self, uid: &str, version: Option<u64>, propagation: Propagation) -> Built {
        let policy = match propagation {
            Propagation::Background => PropagationPolicy::Background,
            Propagation::Foreground => PropagationPolicy::Foreground,
            Propagation::Orphan => PropagationPolicy::Orphan,
        };
        let version = version.map(|version| version.to_string());
        let params = DeleteParams {
            dry_run: self.rehearsal,
            propagation_policy: Some(policy),
            preconditions: Some(Preconditions { uid: Some(uid.to_owned()), resource_version: version }),
            ..DeleteParams::default()
        };
        Ok(self.requests.delete(self.name, &params)?)
    }

    pub fn status(&self, patch: &Value) -> Built {
        let params = PatchParams {
            dry_run: self.rehearsal,
            field_manager: Some(self.manager.to_owned()),
            ..PatchParams::default()
        };
        Ok(self.requests.patch_subresource("status", self.name, &params, &Patch::Merge(patch))?)
    }

    fn apply_of(&self, kind: &Kind, uid: &str, spec: Value) -> Value {
        json!({
            "apiVersion": kind.api_version(),
            "kind": kind.kind,
            "metadata": { "name": self.name, "namespace": self.namespace, "uid": uid },
            "spec": spec,
        })
    }

    fn patch(&self, params: PatchParams, patch: &Patch<Value>) -> Built {
        let params = PatchParams { dry_run: self.rehearsal, ..params };
        Ok(self.requests.patch(self.name, &params, patch)?)
    }
}

/// Creates an event.
pub fn event(namespace: &str, event: &Value) -> Built {
    type Event = k8s_openapi::api::events::v1::Event;
    let requests = request::Request::new(Event::url_path(&(), Some(namespace)));
    Ok(requests.create(&PostParams::default(), event.to_string().into_bytes())?)
}

/// Puts random text where the keys of a Secret lack it.
fn fill(json: &mut Value, generate: &[(String, u32)]) -> Result<(), Failure> {
    for (key, length) in generate {
        let text = secret::random(*length).map_err(|error| Failure::text(format!("no random numbers: {error}")))?;
        let data = json.as_object_mut().map(|json| json.entry("data").or_insert_with(|| json!({})));
        if let Some(data) = data.and_then(Value::as_object_mut) {
            data.entry(key).or_insert_with(|| json!(ByteString(text)));
        }
    }
    Ok(())
}
