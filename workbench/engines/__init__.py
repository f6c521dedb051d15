"""Where statistics are computed: in this process, on a cluster, over a network of sites."""
