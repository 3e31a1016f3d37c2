/* The common packet, in registers: IPv4 without options or tags, TCP or UDP, of a listener and a flow about which nothing
 * has to be decided. Whatever is out of the ordinary is NOT_QUICK, which promises that nothing was changed or counted yet:
 * the whole walk (parse.h, forward.h) then does it from the start. What both do, they do by the same functions. */
#pragma once

#include "quick_rewritten.h"
#include "quick_whole.h"

static __always_inline int quick(struct xdp_md *ctx)
{
	struct glance g;
	struct listener *l;
	struct config *c;
	__u32 *found;

	if (!glance_at(ctx, &g))
		return NOT_QUICK;
	c = config_of();
	if (!c)
		return NOT_QUICK;
	found = glance_vip(&g, g.destination, g.destination_port, VIP_LISTENER);
	if (!found && !c->has_nat)
		return NOT_QUICK;
	if (!found) {
		found = glance_vip(&g, g.source, g.source_port, VIP_MEMBER);
		return found ? quick_reply(ctx, &g, *found, c) : NOT_QUICK;
	}
	g.listener = *found;
	l = listener_of(g.listener);
	if (!l || (l->flags & (LISTENER_USED | LISTENER_ALLOW)) != LISTENER_USED)
		return NOT_QUICK;
	g.now = tick_now(c);
	return l->mode < MODE_NAT ? quick_whole(ctx, &g, l, c) : quick_request(ctx, &g, l, c);
}
