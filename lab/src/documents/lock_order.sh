insmod scull
dd if=/dev/zero of=/dev/scull0 bs=16 count=6
cat /dev/scull0 /dev/scullsingle /dev/sculluid /dev/scullwuid
echo mine > /dev/scullpriv ; cat /dev/scullpriv
echo hello > /dev/scullpipe0
probe rendezvous=slot.store 2
dd if=/dev/zero of=/dev/scull1 bs=16 count=1 & dd if=/dev/zero of=/dev/scull1 bs=16 count=1
wait
probe off
cat /proc/lock_stat /proc/modules /proc/devices /proc/slabinfo /proc/self/status > /dev/null
lsmod ; ps ; jobs
rmmod -f scull
insmod complete
rmmod complete
insmod kmemleak-test
echo scan > /sys/kernel/debug/kmemleak
cat /sys/kernel/debug/kmemleak > /dev/null
rmmod kmemleak-test
head -c 10 /dev/urandom | wc -c
mknod /dev/other c 1 3 ; rm /dev/other
sleep 100 & kill $!
wait
run counter lock=spinlock > /dev/null
run scull-leak lock=none probe=rendezvous > /dev/null
run abba expect=deadlock > /dev/null
dmesg | tail -n 1
exit 0
