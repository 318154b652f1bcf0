// Reads behind the end of a vector, in a method.
use std::env;

struct Ring {
    slots: Vec<u32>,
}

impl Ring {
    fn at(&self, index: usize) -> u32 {
        let inside = index % self.slots.len();
        self.slots[inside + 1]
    }
}

fn sum(ring: &Ring, n: usize) -> u32 {
    let mut total = 0;
    for i in 0..n {
        total += ring.at(i);
    }
    total
}

fn main() {
    let n = env::args().count() + 5;
    let ring = Ring { slots: vec![1, 2, 3] };
    println!("start");
    println!("{}", sum(&ring, n));
}
