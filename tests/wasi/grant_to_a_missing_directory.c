// run: --dir {tmp}/missing::/
// status: 1
// stderr-has: missing
// stderr-has: No such file or directory
int main(void) {
    return 0;
}
