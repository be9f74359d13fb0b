//! The operator of Apache Druid clusters.

#[tokio::main(flavor = "current_thread")]
async fn main() -> operator_core::Result<()> {
    operator_core::cli::<druid_operator::Druid>().await
}
