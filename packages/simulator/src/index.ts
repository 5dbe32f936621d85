/** The public face of the simulator room. */
