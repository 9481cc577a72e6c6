ls -l /dev | head -5
cat /proc/devices
insmod ./scull.ko
lsmod
cat /proc/modules
grep scull /proc/devices
major=$(awk '$2=="scull" {print $1}' /proc/devices); echo "scull has major $major"
rm -f /dev/scullx; mknod /dev/scullx c $major 0
chgrp staff /dev/scullx; chmod 664 /dev/scullx; chmod o+w,a-x /dev/scullx
ls -la /dev/scull*
ls -l > /dev/scull0; cat /dev/scull0
ls -l /dev > /dev/scull0; wc /dev/scull0
cp /proc/devices /dev/scull1; cat /dev/scull1 | grep -v scull
dd if=/dev/zero of=/dev/scull2 bs=1k count=10
dd if=/dev/scull2 bs=4k | od -A d -t x1 | head -3
od -c /dev/scull1 | head -n 2
hexdump -C /dev/scull1 | tail -1
wc -c < /dev/scull2
strace ls /dev > /dev/scull0
strace -e trace=open,write dd if=/dev/zero of=/dev/scull3 bs=4096 count=1
cat /proc/scullmem | head -8
dd bs=20 count=5 < /proc/scullseq
ioctl /dev/scull0 SCULL_IOCGQUANTUM; ioctl /dev/scull0 SCULL_IOCSQUANTUM 8000; ioctl /dev/scull0 SCULL_IOCQQUANTUM
free
uname -r; uname -a
dmesg | tail -5
dmesg | grep scull0
echo 8 > /proc/sys/kernel/printk; cat /proc/sys/kernel/printk
cat /proc/interrupts | head -3; cat /proc/meminfo | head -2; cat /proc/slabinfo | head -3
cat < /dev/scullpipe0 &
sleep 0.1; cat /proc/scullpipe; ps aux | grep cat
cat /proc/$!/status; cat /proc/$!/stack
ls -l / > /dev/scullpipe0
kill %1; wait; echo $?
cat /dev/scullpipe1 > /dev/null & sleep 0.1; kill -INT $!; wait $!; echo "ended with $?"
poll /dev/scullpipe0 out
jobs; ps -ef | head -3
insmod complete; cat /dev/complete & sleep 0.1; echo go > /dev/complete; wait
insmod sleepy.ko; cat /dev/sleepy & cat /dev/sleepy & sleep 0.1; echo go > /dev/sleepy; sleep 0.1; echo go > /dev/sleepy; wait
for i in 0 1 2 3; do echo "device $i" > /dev/scull$i; done; cat /dev/scull[0-3]
i=0; while [ $i -lt 3 ]; do echo $i; i=$((i + 1)); done | tee /dev/scull0
while read word rest; do echo "<$word>"; done < /dev/scull0
printf 'one\ttwo\n' > /dev/scull1; cat /dev/scull1 /dev/scull0 | wc -l
tail -c 4 /dev/scull1; head -c 3 /dev/scull1; echo; tail -n +2 /dev/scull0
time dd if=/dev/zero of=/dev/scull0 bs=64k count=16 status=none
id; su 1000; id; echo mine > /dev/sculluid; echo $?; su; id -u
sleep 0.3 < /dev/scullsingle & sleep 0.1; echo x > /dev/scullsingle; echo $?; wait
echo x > /dev/scullpriv; cat /dev/scullpriv; tty
insmod faulty; echo x > /dev/faulty; echo $?; dmesg | tail -3 | wc -l; rmmod -f faulty
rmmod scull; echo $?; lsmod
test -c /dev/scullx && echo there; [ -e /dev/scull0 ] || echo gone; rm /dev/scullx
modinfo scull; modprobe scull lock=none scull_quantum=1000; modprobe -r scull
insmod scull edition=book; echo x > /dev/scullpriv; rmmod scull
insmod kmemleak-test; mount -t debugfs none /sys/kernel/debug; echo scan > /sys/kernel/debug/kmemleak; cat /sys/kernel/debug/kmemleak | head -3; rmmod kmemleak-test
cat > /dev/null < /proc/cpuinfo; uptime; sync; mount
sh /mnt/load nr_devs=2 && ls /dev/scull? && sh /mnt/unload; echo $?
seq 3 | cat > /dev/null; true && echo yes || echo no; ! false; echo $?
help insmod; insmod --help
rmmod complete; rmmod sleepy; lsmod | wc -l
exit 0
