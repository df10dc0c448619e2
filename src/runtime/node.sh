# Runs a program of this repository with the Node that package.json pins. `exec`: npm passes signals to this process.
exec node --import ./src/runtime/pinned-node.js "$@"
