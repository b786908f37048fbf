#pragma GCC optimize("O0", "no-omit-frame-pointer")
#include "native.h"

static long price_of(struct order *order, int how)
{
    long sums[3] = {order->id, 1, 2};
    return misbehave(order, how) + sums[2];
}

long checkout_plain(struct order *order, int how)
{
    long price = price_of(order, how);
    return price + order->id;
}
