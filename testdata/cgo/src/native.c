#define _GNU_SOURCE
#include "native.h"
#include "_cgo_export.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

static volatile int zero;
static void *volatile bad_pointer = (void *)0x10;

static NOINLINE long fault(struct order *order)
{
    return *order->price + order->id;
}

static NOINLINE long divide(struct order *order)
{
    return order->id / zero;
}

/* The kernel's code in the vdso writes the time itself. */
static NOINLINE long read_clock(void)
{
    return clock_gettime(CLOCK_MONOTONIC, bad_pointer);
}

static NOINLINE long wait_long(void)
{
    struct timespec pause = {.tv_sec = 60};
    return nanosleep(&pause, NULL) + 1;
}

static NOINLINE long jump(struct order *order)
{
    long (*volatile handler)(struct order *) = (long (*)(struct order *))0x10;
    return handler(order) + 1;
}

/* Assembly without unwind rules, but with a frame pointer: calls its first argument with its second. */
long bare(long (*function)(struct order *), struct order *order);
#ifdef __x86_64__
__asm__(".text\n"
        ".globl bare\n"
        ".type bare, @function\n"
        "bare:\n"
        "    push %rbp\n"
        "    mov %rsp, %rbp\n"
        "    sub $32, %rsp\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    call *%rax\n"
        "    leave\n"
        "    ret\n"
        ".size bare, .-bare\n");
#else
__asm__(".text\n"
        ".globl bare\n"
        ".type bare, %function\n"
        "bare:\n"
        "    stp x29, x30, [sp, #-48]!\n"
        "    mov x29, sp\n"
        "    mov x2, x0\n"
        "    mov x0, x1\n"
        "    blr x2\n"
        "    ldp x29, x30, [sp], #48\n"
        "    ret\n"
        ".size bare, .-bare\n");
#endif

NOINLINE long misbehave(struct order *order, int how)
{
    switch (how) {
    case FAULT:
        return fault(order) + 1;
    case DIVIDE:
        return divide(order) + 1;
    case ABORT:
        abort();
    case ASSERT:
        assert(order->price != NULL && "an order has a price");
        break;
    case CALL_BACK:
        return goShip(order->id) + 1;
    case VDSO:
        return read_clock() + 1;
    case SLEEP:
        return wait_long() + 1;
    case JUMP:
        return jump(order) + 1;
    case BARE:
        return bare(fault, order) + 1;
    }
    return 0;
}

/* Large frames whose size no register tells, and saved registers. */
static NOINLINE long price_of(struct order *order, int how)
{
    volatile long sums[37];
    for (int i = 0; i < 37; i++)
        sums[i] = order->id + i;
    return misbehave(order, how) + sums[36];
}

NOINLINE long checkout(struct order *order, int how)
{
    return price_of(order, how) + order->id;
}

static NOINLINE void *thread_main(void *how)
{
    struct order order = {.id = 7};
    long price = checkout(&order, (int)(long)how);
    return (void *)price;
}

void run_on_thread(int how)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_main, (void *)(long)how) == 0)
        pthread_join(thread, NULL);
}
