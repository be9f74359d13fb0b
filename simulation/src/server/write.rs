//! Create, apply and update.

use serde_json::{Value, json};

use super::{
    ApiServer,
    parts::{only_own_part, put_entries, reset_fields, spec_changed, without_entries, without_times},
};
use crate::{
    call::Target,
    defaults,
    fields::{Entries, FieldSet, Manager, Operation},
    json::{default, items, number, put, text},
    log::{Change, Event},
    refusals,
    status::Status,
};

impl ApiServer {
    /// Creates an object as a field manager. The object names its kind ([`Kind::id`](crate::Kind::id)) and namespace by the arguments only.
    ///
    /// # Errors
    /// As the API server has them.
    pub fn create(&mut self, kind: &str, namespace: &str, object: Value, manager: &str) -> Result<Value, Status> {
        self.create_at(&self.target(kind, namespace, "")?, object, manager, false)
    }

    /// Changes an object as a field manager, through a subresource or (empty) as a whole.
    ///
    /// # Errors
    /// As the API server has them.
    pub fn update(
        &mut self,
        kind: &str,
        (namespace, name): (&str, &str),
        subresource: &str,
        manager: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Status> {
        let target = Target { subresource: subresource.to_owned(), ..self.target(kind, namespace, name)? };
        self.update_at(&target, manager, false, change)
    }

    pub(super) fn create_at(&mut self, target: &Target, new: Value, by: &str, dry: bool) -> Result<Value, Status> {
        let mut new = object(new)?;
        if text(&new, "/metadata/name").is_empty() {
            let prefix = text(&new, "/metadata/generateName");
            if prefix.is_empty() {
                let message = "Required value: name or generateName is required".to_owned();
                let cause = ("FieldValueRequired", "metadata.name".to_owned(), message);
                return Err(Status::invalid(&target.kind.shown(), "", &[cause]));
            }
            // Not of what was created besides: names don't depend on what has nothing to do with them.
            let is_named_so = |event: &&Event| {
                event.change == Change::Added && text(&event.object, "/metadata/generateName") == prefix
            };
            let name = format!("{prefix}{:05}", self.log.iter().filter(is_named_so).count() + 1);
            put(&mut new, "/metadata/name", name);
        }
        let target = Target { name: text(&new, "/metadata/name").to_owned(), ..target.clone() };
        in_namespace(&mut new, &target)?;
        if self.stored(&target).is_ok() {
            return Err(Status::already_exists(&target.kind, &target.name));
        }
        defaults::complete(&mut new, &target.kind);
        let mut entries = Entries::default();
        let by = manager(&target, by, Operation::Update);
        let (empty, now) = (json!({}), self.timestamp(0));
        entries.update(&empty, &without_entries(&new), &target.kind.place(), (&by, &now), &reset_fields(&target));
        self.store_new(&target, new, &entries, dry)
    }

    pub(super) fn apply_at(
        &mut self,
        target: &Target,
        config: Value,
        by: &str,
        force: bool,
        dry: bool,
    ) -> Result<(u16, Value), Status> {
        let mut config = object(config)?;
        let Target { kind, name, .. } = target;
        if config.pointer("/metadata/managedFields").is_some_and(|fields| !fields.is_null()) {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        for (field, served) in [("apiVersion", kind.api_version()), ("kind", kind.kind.clone())] {
            if text(&config, &format!("/{field}")) != served {
                return Err(Status::bad_request(format!("{field} in the body must be {served}")));
            }
        }
        let nameless = text(&config, "/metadata/name").is_empty();
        default(&mut config, "/metadata/name", name.as_str());
        in_namespace(&mut config, target)?;
        if let Some(duplicate) = crate::fields::duplicate(&config, &kind.place()) {
            let what = format!("{}/{name}; {}, Kind={}", target.namespace, kind.api_version(), kind.kind);
            return Err(Status::internal(format!(
                "failed to create typed patch object ({what}): errors:\n  {duplicate}"
            )));
        }
        let live = self.stored(target).ok();
        let (place, reset, now) = (kind.place(), reset_fields(target), self.timestamp(0));
        let by = manager(target, by, Operation::Apply);
        let Some(live) = live else {
            if !target.subresource.is_empty() {
                return Err(Status::not_found(kind, name));
            }
            if nameless {
                let message =
                    format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
                return Err(Status::bad_request(message));
            }
            let mut entries = Entries::default();
            let mut new = entries
                .apply(&json!({}), &config, &place, (&by, &now), &reset, force)
                .map_err(|conflicts| Status::apply_conflict(&conflicts))?;
            let uid = text(&config, "/metadata/uid");
            if !uid.is_empty() {
                let message =
                    format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                return Err(Status::conflict(kind, name, &message));
            }
            defaults::complete(&mut new, kind);
            return Ok((201, self.store_new(target, new, &entries, dry)?));
        };
        let bare = without_entries(&live);
        let mut entries = Entries::of(&live);
        let replicas = FieldSet::of_fields(&["spec/replicas"]);
        if target.subresource == "scale" && !entries.own(&replicas) {
            let scale = json!({ "spec": { "replicas": bare.pointer("/spec/replicas") } });
            entries.adopt(&scale, &place, ("scale", "autoscaling/v1"), &now);
        } else if entries.is_empty() {
            entries.adopt(&bare, &place, ("", &kind.api_version()), &now);
        }
        let new = entries
            .apply(&bare, &config, &place, (&by, &now), &reset, force)
            .map_err(|conflicts| Status::apply_conflict(&conflicts))?;
        refusals::check_emptied(kind, &config, &new, &live)?;
        Ok((200, self.store_changed(target, &live, new, &entries, dry)?))
    }

    pub(super) fn update_at(
        &mut self,
        target: &Target,
        by: &str,
        dry: bool,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Status> {
        let live = self.stored(target)?;
        let mut new = (*live).clone();
        change(&mut new);
        let mut new = object(new)?;
        in_namespace(&mut new, target)?;
        // An empty list resets what is known of owners; then nothing is noted until someone applies.
        let reset =
            new.pointer("/metadata/managedFields").is_some_and(|fields| *fields == json!([]) || *fields == json!([{}]));
        let mut entries = if reset { Entries::default() } else { Entries::of(&live) };
        let kind = &target.kind;
        let (mut new, bare) = (only_own_part(target, &live, new), without_entries(&live));
        defaults::complete(&mut new, kind);
        defaults::carry_over(&mut new, &live, kind);
        // What nobody owned when it was created isn't followed later; a scale sees nothing but the replicas.
        let followed = match target.subresource.as_str() {
            "scale" => entries.own(&FieldSet::of_fields(&["spec/replicas"])),
            _ => !entries.is_empty(),
        };
        if followed {
            let (by, now) = (manager(target, by, Operation::Update), self.timestamp(0));
            entries.update(&bare, &without_entries(&new), &kind.place(), (&by, &now), &reset_fields(target));
        }
        self.store_changed(target, &live, new, &entries, dry)
    }

    fn store_new(&mut self, target: &Target, mut new: Value, entries: &Entries, dry: bool) -> Result<Value, Status> {
        let kind = &target.kind;
        let number = self.created + 1;
        if kind.status && kind.id() != "persistentvolumeclaims" {
            put(&mut new, "/status", Value::Null);
        }
        for field in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"] {
            put(&mut new, &format!("/metadata/{field}"), Value::Null);
        }
        let uid = self.uid.clone().unwrap_or_else(|| format!("00000000-0000-4000-8000-{number:012x}"));
        put(&mut new, "/metadata/uid", uid);
        put(&mut new, "/metadata/creationTimestamp", self.timestamp(0));
        if kind.generation {
            put(&mut new, "/metadata/generation", 1);
        }
        if !kind.namespaced {
            put(&mut new, "/metadata/namespace", Value::Null);
        }
        self.admission(target, &mut new)?;
        defaults::prepare(&mut new, kind, number);
        put_entries(&mut new, entries);
        refusals::check(kind, None, &new)?;
        if dry {
            return Ok(new);
        }
        (self.created, self.uid) = (number, None);
        Ok(self.commit(target, Change::Added, new))
    }

    fn store_changed(
        &mut self,
        target: &Target,
        live: &Value,
        new: Value,
        entries: &Entries,
        dry: bool,
    ) -> Result<Value, Status> {
        let kind = &target.kind;
        let version = |object: &Value| text(object, "/metadata/resourceVersion").to_owned();
        if !version(&new).is_empty() && version(&new) != version(live) {
            return Err(Status::stale(kind, &target.name));
        }
        let mut new = only_own_part(target, live, new);
        defaults::complete(&mut new, kind);
        defaults::carry_over(&mut new, live, kind);
        self.admission(target, &mut new)?;
        default(&mut new, "/metadata/uid", live.pointer("/metadata/uid").cloned().unwrap_or_default());
        for field in
            ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"]
        {
            let pointer = format!("/metadata/{field}");
            put(&mut new, &pointer, live.pointer(&pointer).cloned().unwrap_or_default());
        }
        put_entries(&mut new, entries);
        refusals::check(kind, Some(live), &new)?;
        if without_times(&new) == without_times(live) {
            return Ok(live.clone());
        }
        if kind.generation && target.subresource != "status" && spec_changed(kind, live, &new) {
            put(&mut new, "/metadata/generation", number(live, "/metadata/generation") + 1);
        }
        if dry {
            return Ok(new);
        }
        let deleting = new.pointer("/metadata/deletionTimestamp").is_some();
        let done = deleting && items(&new, "/metadata/finalizers").is_empty() && kind.id() != "pods";
        Ok(self.commit(target, if done { Change::Deleted } else { Change::Modified }, new))
    }

    fn admission(&self, target: &Target, new: &mut Value) -> Result<(), Status> {
        if target.subresource.is_empty() {
            for admission in &self.admission {
                admission(&target.kind, new)
                    .map_err(|message| Status::forbidden(&target.kind, &target.name, &message))?;
            }
        }
        Ok(())
    }
}

fn object(value: Value) -> Result<Value, Status> {
    if value.is_object() { Ok(value) } else { Err(Status::bad_request("the body isn't an object")) }
}

fn in_namespace(object: &mut Value, target: &Target) -> Result<(), Status> {
    if target.kind.namespaced {
        default(object, "/metadata/namespace", target.namespace.as_str());
        if text(object, "/metadata/namespace") != target.namespace {
            let message = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Status::bad_request(message));
        }
    }
    if text(object, "/metadata/name") != target.name {
        let message = "the name of the object does not match the name on the URL";
        return Err(Status::bad_request(message));
    }
    Ok(())
}

fn manager(target: &Target, name: &str, operation: Operation) -> Manager {
    let (name, subresource) = (name.to_owned(), target.subresource.clone());
    Manager { name, operation, subresource, api_version: target.kind.api_version() }
}
