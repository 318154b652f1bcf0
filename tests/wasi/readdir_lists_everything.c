// run: --dir {tmp}::/
// setup: mkdir sub; touch file; ln -s file link; mkfifo fifo
/* All entries, with their kind and inode, and "." and ".."; a second reading from 0 shows changes.
 */
#include "readdir.h"

int main(void) {
    static entry entries[16];
    filestat status;
    u32 count = list(ROOT, 0, 4096, entries, 16);
    CHECK(count == 6);
    static const struct {
        const char *name;
        u32 filetype;
    } wanted[] = {{".", DIRECTORY},       {"..", DIRECTORY},       {"sub", DIRECTORY},
                  {"file", REGULAR_FILE}, {"link", SYMBOLIC_LINK}, {"fifo", UNKNOWN}};
    for (u32 i = 0; i < 6; i++) {
        const entry *found = find(entries, count, wanted[i].name);
        CHECK(found && found->filetype == wanted[i].filetype && found->next != 0);
        if (found && strcmp(found->name, "..") != 0) {
            OK(path_filestat_get(ROOT, 0, STR(found->name), AT(&status)));
            CHECK(found->inode == status.inode);
        }
    }
    make_file("new", "");
    OK(path_unlink_file(ROOT, STR("link")));
    count = list(ROOT, 0, 4096, entries, 16);
    CHECK(count == 6 && find(entries, count, "new") && !find(entries, count, "link"));
    return finish();
}
