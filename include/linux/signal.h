#pragma once

/*: 6 Signals; Ctrl-C sends SIGINT, kill -9 SIGKILL */
#define SIGHUP 1
#define SIGINT 2
#define SIGKILL 9
#define SIGUSR1 10
#define SIGTERM 15
#define SIGIO 29
#define SIGPOLL SIGIO
#define _NSIG_WORDS 1
