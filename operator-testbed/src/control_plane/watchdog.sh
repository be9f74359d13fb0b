# Runs the components of one control plane, and ends them when standard input ends: its only writer is the process that uses the control plane,
# so that happens however that process ends. Reads the name of a component per line, and runs the script NAME.sh in the folder $1.
trap '' INT TERM HUP
cd "$1" || exit 1

# While a component runs, or is about to, there are NAME.running and, written by its script, NAME.pid.
while read -r name; do
    (
        sh "./$name.sh" </dev/null >>"$name.log" 2>&1
        rm -f "$name.pid" "$name.running"
    ) &
done

# A script that is only now about to start its component sees this file and ends; all others have written NAME.pid.
: >ending
while ls ./*.running >/dev/null 2>&1; do
    for pid in ./*.pid; do
        kill -KILL "$(cat "$pid")"
    done
    sleep 0.05
done 2>/dev/null
cd / && rm -rf "$1"
