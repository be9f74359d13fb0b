//! Loops in constants, where no iterator can be.

/// A block for each item of a slice; it can `continue`.
macro_rules! each {
    ($list:expr, |$item:ident| $block:block) => {
        let mut rest: &[_] = $list;
        while let [$item, others @ ..] = rest {
            rest = others;
            $block
        }
    };
}

/// Whether something is true of an item of a slice.
macro_rules! any {
    ($list:expr, |$item:ident| $is:expr) => {{
        let mut found = false;
        each!($list, |$item| { found |= $is });
        found
    }};
}

/// A block for each item of a node type's layers that no higher layer replaces by one of the same name.
macro_rules! each_joined {
    ($node_type:ident.$list:ident, |$item:ident| $name:expr, $block:block) => {
        let mut layers: &[$crate::NodeTemplate] = &$node_type.layers;
        while let [layer, higher @ ..] = layers {
            layers = higher;
            each!(layer.$list, |$item| {
                let name = $name;
                let is_replaced = any!(higher, |over| any!(over.$list, |$item| $crate::text::same($name, name)));
                if !is_replaced $block
            });
        }
    };
}

/// The value of the highest layer that has one.
macro_rules! highest {
    ($node_type:ident.$value:ident) => {{
        let mut highest = None;
        each!(&$node_type.layers, |layer| {
            if layer.$value.is_some() {
                highest = layer.$value;
            }
        });
        highest
    }};
}

/// The list of the highest layer that has one.
macro_rules! highest_list {
    ($node_type:ident.$list:ident) => {{
        let mut highest: &'static [_] = &[];
        each!(&$node_type.layers, |layer| {
            if !layer.$list.is_empty() {
                highest = layer.$list;
            }
        });
        highest
    }};
}
