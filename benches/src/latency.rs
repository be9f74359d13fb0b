//! One change, until all children and the status show it.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::{
    error::Error,
    kind,
    load::{self, Loader},
    stage::Stage,
    watched::{Children, Clusters},
};

/// Between two changes, so that each finds the operator at rest.
const PAUSE: Duration = Duration::from_millis(50);

/// Milliseconds from the request that changes a cluster to the last sight of it.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub changes: usize,
    /// Half of the changes took at most this long.
    pub p50: f64,
    /// 99 of 100 did.
    pub p99: f64,
    /// All did.
    pub max: f64,
    /// The change itself, half of the times: until the API server has answered the loader.
    pub p50_of_the_request: f64,
}

/// Changes clusters, one after the other, each once as long as there are enough.
pub async fn measure(stage: &Stage, clusters: u32, changes: u32) -> Result<Latency, Error> {
    let loader = Loader::new(stage.client.clone(), stage.namespace());
    let seen = Clusters::watch(stage.client.clone(), stage.namespace());
    let children = Children::watch(&stage.client, stage.namespace());
    for number in 0..clusters {
        seen.dealt_with(&load::name(number), 1).await?;
        children.there(&kind::blueprint(&seen.get(&load::name(number))?)?).await?;
    }
    let (mut all, mut requests) = (Vec::new(), Vec::new());
    for change in 0..changes {
        tokio::time::sleep(PAUSE).await;
        let number = change % clusters;
        let started = Instant::now();
        let cluster = loader.change(number, &format!("latency-{change}")).await?;
        requests.push(started.elapsed());
        children.there(&kind::blueprint(&cluster)?).await?;
        let generation = cluster.metadata.generation.unwrap_or_default();
        seen.dealt_with(&load::name(number), generation).await?;
        all.push(started.elapsed());
    }
    all.sort_unstable();
    requests.sort_unstable();
    Ok(Latency {
        changes: all.len(),
        p50: percentile(&all, 50),
        p99: percentile(&all, 99),
        max: percentile(&all, 100),
        p50_of_the_request: percentile(&requests, 50),
    })
}

/// The smallest that so many percent don't exceed, in milliseconds.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    let found = sorted.get(rank - 1).or(sorted.last());
    found.map_or(0.0, |duration| duration.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let percentiles = [0, 50, 99, 100].map(|percent| percentile(&sorted, percent));
        assert_eq!(percentiles, [1.0, 100.0, 198.0, 200.0]);
        assert_eq!(percentile(&[], 50), 0.0);
    }
}
