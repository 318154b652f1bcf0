/* What is appended to a program's own file after it was built, such as a zip archive with the
 * guest's files: the guest reads it through --payload, and the program finds words there for
 * itself.
 *
 * The last bytes of the file, where a zip archive has its comment (APPNOTE.TXT, 4.3.16):
 *
 *     words as in TIMECRAFT_OPTIONS, at most TC_PAYLOAD_WORDS_MAX bytes, without a NUL
 *     u32 their length, little-endian
 *     TC_PAYLOAD_MARK, 8 bytes
 */
#ifndef TC_GUEST_PAYLOAD_H
#define TC_GUEST_PAYLOAD_H

#define TC_PAYLOAD_MARK      "tcwords\n"
#define TC_PAYLOAD_WORDS_MAX 60000

/* The words at the end of the program's own file: a new string that the caller frees, or NULL when
 * there are none, or what is there makes no sense. */
char *tc_payload_words(void);

#endif
