/* What the checks of an idle daemon cost the kernel alone: as many connects to one address, in groups as the daemon starts them, each
 * looked at a group later and reset. Prints its processor time in percent of a core. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define GROUP_MOST 64

static double seconds(struct timeval t)
{
	return t.tv_sec + t.tv_usec / 1e6;
}

/* argv: port, connects in a group, milliseconds between groups, seconds. */
int main(int argc, char **argv)
{
	int port = atoi(argv[1]), size = atoi(argv[2]), every_ms = atoi(argv[3]), span = atoi(argv[4]);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct linger reset = {.l_onoff = 1};
	struct pollfd group[GROUP_MOST];
	struct timespec next;
	struct rusage used;
	long connected = 0;

	if (argc != 5 || size > GROUP_MOST)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long left = span * 1000L / every_ms; left > 0; left--) {
		for (int i = 0; i < size; i++) {
			group[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
			group[i].events = POLLOUT;
			connect(group[i].fd, (struct sockaddr *)&to, sizeof(to));
		}
		next.tv_nsec += every_ms * 1000000L;
		next.tv_sec += next.tv_nsec / 1000000000L;
		next.tv_nsec %= 1000000000L;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		poll(group, size, 0);
		for (int i = 0; i < size; i++) {
			int error = 0;
			socklen_t length = sizeof(error);

			getsockopt(group[i].fd, SOL_SOCKET, SO_ERROR, &error, &length);
			connected += group[i].revents & POLLOUT && !error;
			setsockopt(group[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
			close(group[i].fd);
		}
	}
	getrusage(RUSAGE_SELF, &used);
	printf("%ld %.3f\n", connected, (seconds(used.ru_utime) + seconds(used.ru_stime)) * 100 / span);
	return 0;
}
