//! The spec lives in a module and is seen in its crate alone, and so is what is made from it.

mod api {
    use operator_core::prelude::*;

    #[derive(DataOperator, Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[operator(group = "example.com", version = "v1", kind = "Ledger", root = "LedgerResource", plural = "ledgerbooks")]
    pub(crate) struct LedgerSpec {
        #[node_type(workload = Deployment)]
        pub(crate) replicas: Option<types::Replica>,
    }

    pub(crate) mod types {
        /// The prelude isn't needed for a node type.
        #[operator_core::node_type]
        pub(crate) struct Replica {}
    }
}

use operator_core::Cluster;

fn main() {
    assert_eq!(api::LedgerResource::DEFINITION.kind, "Ledger");
    let ledger = api::LedgerResource::new("one", api::LedgerSpec { replicas: None });
    assert!(ledger.spec.replicas.is_none() && ledger.status.is_none());
}
