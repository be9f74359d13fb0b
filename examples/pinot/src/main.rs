//! The operator of Apache Pinot clusters.

#[tokio::main(flavor = "current_thread")]
async fn main() -> operator_core::Result<()> {
    operator_core::cli::<pinot_operator::Pinot>().await
}
