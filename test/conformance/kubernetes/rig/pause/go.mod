module windlass.local/rig/pause

go 1.24.0
