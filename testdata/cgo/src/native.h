/* C code that faults, aborts, calls back into Go and starts threads. */
#pragma once

enum how { FAULT, DIVIDE, ABORT, ASSERT, CALL_BACK, VDSO, SLEEP, JUMP, BARE };

struct order {
    int id;
    long *price;
};

/* Compiled with -O2: frames that only CFI tells apart. */
long checkout(struct order *order, int how);

/* The same, compiled with -O0 and frame pointers. */
long checkout_plain(struct order *order, int how);

/* Starts a thread that the Go runtime knows nothing of; it does `how` and the caller waits for it. */
void run_on_thread(int how);

/* Does how: returns only from CALL_BACK. */
long misbehave(struct order *order, int how);
