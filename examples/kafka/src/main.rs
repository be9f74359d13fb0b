//! The operator of Kafka clusters.

#[tokio::main(flavor = "current_thread")]
async fn main() -> operator_core::Result<()> {
    operator_core::cli::<kafka_operator::Kafka>().await
}
