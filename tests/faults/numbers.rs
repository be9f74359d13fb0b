//! How many pods each node may ask for, as far as what was done tells.

use std::collections::{BTreeMap, BTreeSet};

use crate::specs::{Scale, Spec};

/// Of the nodes that have a number of pods.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    nodes: BTreeMap<String, Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// The numbers it may have now.
    now: BTreeSet<i64>,
    /// All that it may have had at any time.
    ever: BTreeSet<i64>,
    /// Whether the number in the spec is what it has to have in the end.
    fixed: Option<i64>,
    /// Whether there was a workload when all was carried out last, and nothing was done to it since.
    is_there: bool,
    /// Whether nobody can tell any more: someone deleted its workload, or the status.
    vague: bool,
}

impl Numbers {
    /// The spec is another from now on. What it was before may still be what there is: the operator may not have noticed.
    pub fn edit(&mut self, spec: &Spec) {
        let nodes = spec.nodes();
        for (name, node) in nodes.iter().filter(|(name, _)| *name != "agent") {
            let numbers = self.nodes.entry(name.clone()).or_default();
            let was_fixed = numbers.fixed.is_some();
            numbers.fixed = match node.scale {
                Scale::Fixed(replicas) => Some(i64::from(replicas)),
                Scale::Initial | Scale::Autoscaled => None,
            };
            // Made without a number, it has one pod; and the number of an earlier spec goes with that.
            let begins = match node.scale {
                Scale::Fixed(_) => None,
                Scale::Initial => (was_fixed || !numbers.is_there).then_some(1),
                Scale::Autoscaled => (!numbers.is_there).then_some(1),
            };
            numbers.may_be(numbers.fixed.into_iter().chain(begins));
        }
        for (_, gone) in self.nodes.iter_mut().filter(|(name, _)| !nodes.contains_key(*name)) {
            // Made again, it begins anew; unless the operator never noticed that it was to go.
            gone.fixed = None;
            gone.is_there = false;
            gone.may_be([1]);
        }
    }

    /// Someone scales a node. `settled`: nothing else is under way.
    pub fn scale(&mut self, node: &str, replicas: i64, settled: bool) {
        let numbers = self.nodes.entry(node.to_owned()).or_default();
        if settled && !numbers.vague {
            numbers.now.clear();
        }
        numbers.may_be([replicas]);
    }

    /// Someone deletes a node's workload: the operator may not know how many pods it had.
    pub fn lost(&mut self, node: &str) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.vague = true;
            node.is_there = false;
            let all = node.ever.clone();
            node.may_be(all.into_iter().chain([1]));
        }
    }

    /// The cluster is made anew.
    pub fn begin_anew(&mut self) {
        let names: Vec<String> = self.nodes.keys().cloned().collect();
        names.iter().for_each(|name| self.lost(name));
    }

    /// All that was done is done: what is there now has to stay. `live`: the numbers that there are.
    pub fn caught_up(&mut self, live: &BTreeMap<String, i64>) -> Result<(), String> {
        for (name, node) in &mut self.nodes {
            let Some(live) = live.get(name) else {
                if !node.vague {
                    node.now.clear();
                }
                node.is_there = false;
                continue;
            };
            let is_possible = node.fixed.map_or_else(|| node.now.contains(live), |fixed| fixed == *live);
            if !is_possible {
                let wanted = node.fixed.map_or_else(|| format!("one of {:?}", node.now), |fixed| fixed.to_string());
                return Err(format!("{name} asks for {live} pods; wanted: {wanted}"));
            }
            if !node.vague {
                node.now = BTreeSet::from([*live]);
                node.is_there = true;
            }
        }
        Ok(())
    }

    /// Whether a node may ever have asked for so many pods.
    pub fn may_have_had(&self, node: &str, replicas: i64) -> bool {
        self.nodes.get(node).is_some_and(|node| node.ever.contains(&replicas))
    }

    /// The numbers that a node may have had.
    pub fn ever(&self, node: &str) -> BTreeSet<i64> {
        self.nodes.get(node).map(|node| node.ever.clone()).unwrap_or_default()
    }
}

impl Node {
    fn may_be(&mut self, numbers: impl IntoIterator<Item = i64>) {
        for number in numbers {
            self.now.insert(number);
            self.ever.insert(number);
        }
    }
}
