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

/// A block for each item of a field, then for those of its type that the field hasn't replaced by one of the same name.
macro_rules! each_joined {
    ($node_type:ident.$list:ident, |$item:ident| $name:expr, $block:block) => {
        each!($node_type.place.$list, |$item| $block);
        each!($node_type.template.$list, |$item| {
            let name = $name;
            if !any!($node_type.place.$list, |$item| $crate::text::same($name, name)) $block
        });
    };
}
