//! The operator of Apache Druid clusters.

#[tokio::main]
async fn main() -> operator_core::Result<()> {
    operator_core::cli::<druid_operator::Druid>().await
}
