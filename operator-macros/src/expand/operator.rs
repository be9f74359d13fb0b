//! What `#[derive(DataOperator)]` writes.

use proc_macro2::TokenStream;
use quote::quote;

use super::{checks::checks, definition, root};
use crate::model::Operator;

/// The custom resource, its traits, its definition and the checks.
pub fn operator(operator: &Operator) -> TokenStream {
    let Operator { crate_path, root: ident, spec_type, .. } = operator;
    let written = operator.written();
    let root = root::root(operator);
    let impls = root::impls(operator);
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

            impl _core::Cluster for #ident {
                type Spec = #spec_type;
                type Form = #written;

                const DEFINITION: &'static _core::definition::Definition = #definition;
                #customize
                #validate
                #form

                fn spec(&self) -> &#written {
                    &self.spec
                }

                fn status(&self) -> ::core::option::Option<&_core::ClusterStatus> {
                    self.status.as_ref()
                }
            }

            #impls
            #checks
        };
    }
}
