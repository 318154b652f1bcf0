use socket_0_4 as crate_under_test;

include!("../program.rs");
