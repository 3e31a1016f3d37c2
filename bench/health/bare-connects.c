/* What the checks of an idle daemon cost the kernel alone: as many connects to one address, in groups as the daemon starts them, each
 * looked at when its group has started, and its socket reset for the next. Prints its processor time in percent of a core. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
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
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	int group[GROUP_MOST];
	struct timespec next;
	struct rusage used;
	long connected = 0;

	if (argc != 5 || size > GROUP_MOST)
		return 2;
	for (int i = 0; i < size; i++)
		group[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long left = span * 1000L / every_ms; left > 0; left--) {
		for (int i = 0; i < size; i++)
			connect(group[i], (struct sockaddr *)&to, sizeof(to));
		for (int i = 0; i < size; i++) {
			struct tcp_info info;
			socklen_t length = sizeof(info);

			getsockopt(group[i], IPPROTO_TCP, TCP_INFO, &info, &length);
			connected += info.tcpi_state == TCP_ESTABLISHED;
			connect(group[i], &nobody, sizeof(nobody));
		}
		next.tv_nsec += every_ms * 1000000L;
		next.tv_sec += next.tv_nsec / 1000000000L;
		next.tv_nsec %= 1000000000L;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	getrusage(RUSAGE_SELF, &used);
	printf("%ld %.3f\n", connected, (seconds(used.ru_utime) + seconds(used.ru_stime)) * 100 / span);
	return 0;
}
