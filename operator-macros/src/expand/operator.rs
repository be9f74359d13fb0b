//! What `#[derive(DataOperator)]` writes.

use proc_macro2::TokenStream;
use quote::quote;

use super::{checks::checks, definition, root};
use crate::model::Operator;

/// The kind's name for the custom resource, the definition and the checks.
pub fn operator(operator: &Operator) -> TokenStream {
    let Operator { crate_path, spec_type, .. } = operator;
    let written = operator.written();
    let crd_name = format!("{}.{}", operator.plural.as_str(), operator.group.as_str());
    let root = root::root(operator);
    let parts = definition::parts(operator);
    let definition = definition::definition(operator);
    let customize = definition::customize(operator);
    let validate = definition::validate(operator);
    let form = definition::form(operator);
    let checks = checks(operator);
    quote! {
        #root

        const _: () = {
            use #crate_path as _core;

            #parts

            #[automatically_derived]
            impl _core::DataOperator for #spec_type {
                type Form = #written;

                const DEFINITION: &'static _core::definition::Definition = #definition;
                const CRD_NAME: &'static str = #crd_name;
                #customize
                #validate
                #form
            }

            #checks
        };
    }
}
