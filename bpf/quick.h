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
	__u32 found;

	if (!glance_at(ctx, &g))
		return NOT_QUICK;
	c = config_of();
	if (!c)
		return NOT_QUICK;
	found = is_stranger(g.destination) ? 0 : glance_vip(&g, g.destination, g.destination_port, VIP_LISTENER);
	if (!found) {
		if (!c->has_nat || is_stranger(g.source))
			return pass(COUNT_PASS_OTHER);
		found = glance_vip(&g, g.source, g.source_port, VIP_MEMBER);
		if (found)
			return quick_reply(ctx, &g, found, c);
		/* As route() has it: of a member that answers from any port, or not ours. */
		return glance_vip(&g, g.source, 0, VIP_MEMBER) ? NOT_QUICK : pass(COUNT_PASS_OTHER);
	}
	g.listener = found;
	l = listener_of(g.listener);
	if (!l || (l->flags & (LISTENER_USED | LISTENER_ALLOW)) != LISTENER_USED)
		return NOT_QUICK;
	return l->mode < MODE_NAT ? quick_whole(ctx, &g, l, c) : quick_request(ctx, &g, l, c);
}
