//! The figures of an operator on a real control plane: requests, CPU, memory, latency.
//!
//! `cargo bench-operator` prints them; `--help` says what can be set. The operator is a process of its own, this same binary, and the real thing:
//! its command line, its logs and its connections are those of every operator. Its requests are counted by the API server's audit log.
//!
//! | module | subject |
//! | --- | --- |
//! | [`compile`] | what the macros cost in `cargo check` |
//! | [`measure`] | what is measured, in order |
//! | [`kind`] | the kind of cluster that is measured |
//! | [`stage`] | a control plane with the kind installed; its workload controllers can be held |
//! | [`process`] | the operator's process: start, CPU, memory |
//! | [`requests`] | what the operator asked the API server |
//! | [`load`] | clusters: create, change |
//! | [`plain`] | the same objects written without an operator |
//! | [`watched`] | what is there, seen from outside |
//! | [`latency`] | one change until all shows it |
//! | [`report`] | the table |
//! | [`schema`] | what the parts of a kind's schema cost |

mod compile;
mod error;
mod kind;
mod latency;
mod load;
mod measure;
mod plain;
mod process;
mod report;
mod requests;
mod schema;
mod stage;
mod watched;

use clap::{Parser, Subcommand};

use error::Error;

/// Measures an operator on a control plane of its own: requests, CPU, memory, latency.
#[derive(Debug, Parser)]
#[command(name = "bench-operator", args_conflicts_with_subcommands = true)]
pub struct Options {
    /// Clusters, of six children each, and the spec that was accepted
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    clusters: u32,
    /// Changes of single clusters, for the latency
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    changes: u32,
    /// Seconds in which nothing changes
    #[arg(long, default_value_t = 30)]
    quiet: u64,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    costs: Option<Costs>,
}

/// What costs can be measured instead.
#[derive(Clone, Copy, Debug, Subcommand)]
enum Costs {
    /// What the parts of the schema of examples/druid cost: a user's patch, without an operator
    Schema,
    /// What the macros cost in `cargo check` of examples/druid, beside kube's `CustomResource` on the same struct
    Compile,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if compile::is_compiler() {
        return compile::compile();
    }
    if process::is_operator() {
        process::end_with_parent();
        return operator_core::cli::<kind::Bench>().await.map_err(|error| Error::Text(error.to_string()));
    }
    let options = Options::parse();
    match options.costs {
        None => {}
        Some(Costs::Schema) => return schema::print().await,
        Some(Costs::Compile) => return compile::print(),
    }
    let measured = measure::measure(&options).await?;
    if options.json {
        println!("{:#}", serde_json::json!(measured));
    } else {
        print!("{}", report::table(&measured));
    }
    Ok(())
}
