use socket_0_5 as crate_under_test;

include!("../program.rs");
