/* Lines for the person at the terminal: "timecraft: …" on standard error. */
#ifndef TC_GUEST_REPORT_H
#define TC_GUEST_REPORT_H

/* Prints one line, prefixed with "timecraft: " and ended with a newline. Control characters that
 * the guest may have put into an argument are shown escaped. Never changes errno. */
void tc_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A further line of the message before it: indented instead of prefixed. */
void tc_report_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As tc_report, but each distinct text only once in a run: for refusals that a guest can repeat
 * without end. */
void tc_report_once(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
